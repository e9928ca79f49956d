// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/table.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "tools/rstwatch/escape.h"

namespace rstwatch::cli {
namespace {

constexpr auto gap = "  ";

}  // namespace

void Table::add(const std::vector<std::string>& cells, Style style, const std::string& remark) {
    auto& row = rows_.emplace_back(Row{std::vector<std::string>(columns_.size()), style, printable(remark)});
    for (std::size_t i = 0; i < std::min(cells.size(), row.cells.size()); ++i) row.cells[i] = printable(cells[i]);
}

std::string Table::layout(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) const {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) line += gap;
        const std::string blanks(widths[i] - display_width(cells[i]), ' ');
        line += columns_[i].align == Column::Align::right ? blanks + cells[i] : cells[i] + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::vector<std::size_t> Table::widths() const {
    std::vector<std::size_t> widths;
    for (const auto& column : columns_) widths.push_back(display_width(column.title));
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.cells.size(); ++i) widths[i] = std::max(widths[i], display_width(row.cells[i]));
    return widths;
}

std::size_t Table::width() const {
    const auto each = widths();
    return std::accumulate(each.begin(), each.end(), std::string_view(gap).size() * (each.size() - 1));
}

void Table::write(Output& out, const std::string& indent) const {
    const auto each = widths();
    std::vector<std::string> titles;
    for (const auto& column : columns_) titles.push_back(column.title);
    out.line(indent + out.heading(layout(titles, each)));
    for (const auto& row : rows_) {
        out.line(indent + out.styled(layout(row.cells, each), row.style));
        if (!row.remark.empty()) out.text(indent + "    ", row.remark);
    }
}

}  // namespace rstwatch::cli
