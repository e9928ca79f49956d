// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/top_table.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/row.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {
namespace {

struct Field {
    Column column;
    std::function<std::string(const Document& row)> cell;
    int worth = 0;  ///< what is worth least is left out first; 0: never
};

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return printable(text);
}

std::vector<Field> fields_of(const std::string& by, const std::string& outcome, bool hosts, const TopLook& look) {
    using Align = Column::Align;
    const auto time = [&look](const char* key) {
        return [&look, key](const Document& row) {
            return look.now ? time_text(number_at(row, key), *look.now) : local_time(number_at(row, key));
        };
    };
    std::vector<Field> fields;
    fields.push_back({{upper(by.empty() ? "destination" : by)},
                      [&look](const Document& row) { return subject_of(row, look.name_of); },
                      0});
    if (by == "destination") fields.push_back({{"SERVICE"}, service_of, 2});
    if (hosts) fields.push_back({{"HOST"}, host_of, 2});
    fields.push_back(
        {{upper(outcome.empty() ? "count" : outcome), Align::right},
         [](const Document& row) { return estimate_text(integer_at(row, "count"), integer_at(row, "error")); },
         0});
    fields.push_back(
        {{"PER SECOND", Align::right}, [](const Document& row) { return rate_text(number_at(row, "per_second")); }, 4});
    if (by != "client")
        fields.push_back({{"CLIENTS", Align::right},
                          [](const Document& row) {
                              return estimate_text(integer_at(row, "clients"), integer_at(row, "clients_error"));
                          },
                          3});
    fields.push_back({{"SINCE"}, time("first"), 3});
    fields.push_back({{"LAST"}, time("last"), 1});
    return fields;
}

Table filled(const std::vector<Field>& fields, const std::vector<const Document*>& rows, const TopLook& look) {
    std::vector<Column> columns;
    columns.reserve(fields.size());
    for (const auto& field : fields) columns.push_back(field.column);
    Table table(std::move(columns));
    for (const auto* row : rows) {
        std::vector<std::string> cells;
        cells.reserve(fields.size());
        for (const auto& field : fields) cells.push_back(field.cell(*row));
        table.add(cells, look.style_of ? look.style_of(*row) : Style::plain);
    }
    return table;
}

}  // namespace

Table top_table(const std::string& by, const std::string& outcome, const std::vector<const Document*>& rows,
                const TopLook& look) {
    const bool hosts = std::ranges::any_of(rows, [](const Document* row) { return host_of(*row) != "-"; });
    auto fields = fields_of(by, outcome, hosts, look);
    auto table = filled(fields, rows, look);
    constexpr int most_worth = 4;
    for (int worth = 1; look.width > 0 && table.width() > look.width && worth <= most_worth; ++worth) {
        std::erase_if(fields, [&](const Field& field) { return field.worth == worth; });
        table = filled(fields, rows, look);
    }
    return table;
}

}  // namespace rstwatch::cli
