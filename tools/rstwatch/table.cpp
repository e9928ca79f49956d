// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/table.h"

#include <algorithm>

#include "tools/rstwatch/escape.h"

namespace rstwatch::cli {

void Table::add(const std::vector<std::string>& cells) {
    auto& row = rows_.emplace_back(columns_.size());
    for (std::size_t i = 0; i < std::min(cells.size(), row.size()); ++i) row[i] = printable(cells[i]);
}

std::string Table::layout(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) const {
    constexpr auto gap = "  ";
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) line += gap;
        const std::string blanks(widths[i] - display_width(cells[i]), ' ');
        line += columns_[i].align == Column::Align::right ? blanks + cells[i] : cells[i] + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

void Table::write(Output& out, const std::string& indent) const {
    std::vector<std::string> titles;
    std::vector<std::size_t> widths;
    for (const auto& column : columns_) {
        titles.push_back(column.title);
        widths.push_back(display_width(column.title));
    }
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
    out.line(indent + out.heading(layout(titles, widths)));
    for (const auto& row : rows_) out.line(indent + layout(row, widths));
}

}  // namespace rstwatch::cli
