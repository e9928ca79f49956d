// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/rstwatch/output.h"

namespace rstwatch::cli {

struct Column {
    enum class Align { left, right };

    std::string title;
    Align align = Align::left;
};

/// Rows of text in aligned columns. What goes in may come from the wire: cells are escaped here.
class Table {
  public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// Adds a row; missing cells are empty, surplus ones are dropped. `remark` is put below it.
    void add(const std::vector<std::string>& cells, Style style = Style::plain, const std::string& remark = "");

    bool empty() const { return rows_.empty(); }

    /// Characters of the widest line, but for remarks.
    std::size_t width() const;

    /// Writes titles and rows, each line after `indent` and without blanks at its end. Remarks are wrapped.
    void write(Output& out, const std::string& indent = "") const;

  private:
    struct Row {
        std::vector<std::string> cells;
        Style style;
        std::string remark;
    };

    std::vector<std::size_t> widths() const;
    std::string layout(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) const;

    std::vector<Column> columns_;
    std::vector<Row> rows_;
};

}  // namespace rstwatch::cli
