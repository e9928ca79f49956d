// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace rstwatch::cli {

enum class Format { table, json, jsonl, csv };

/// How text is emphasised. The last three are the levels of alerts.
enum class Style { plain, heading, selected, good, warn, error, critical };

/// The style of an alert's level; plain for one that is not known.
Style style_of_level(std::string_view level);

/// Columns of the terminal that standard output is; $COLUMNS or 80 where it does not say, 0 where it is none.
std::size_t terminal_width();

/// True where $TERM says that the terminal obeys no control sequences, or nothing.
bool is_dumb_terminal();

/// Standard output, with what it is connected to. The stream must outlive it.
class Output {
  public:
    /// `terminal`: somebody is looking, so lines may be held back a moment and colours may be used if `colour` too.
    /// `width` in characters is what text is wrapped to; 0: it is not.
    Output(std::ostream& stream, bool terminal, bool colour, std::size_t width = 0)
        : stream_(stream), terminal_(terminal), colour_(terminal && colour), width_(width) {}

    /// What the process has as standard output: colours only on a terminal that is not dumb and without NO_COLOR.
    static Output standard();

    /// Writes one line; in a pipe it is flushed, because somebody may be waiting for it at the other end.
    void line(std::string_view text);

    /// Writes printable text in as many lines as the width takes: the first after `first`, the others indented by as
    /// many blanks as `first` has characters.
    void text(std::string_view first, std::string_view text, Style style = Style::plain,
              Style style_of_first = Style::plain);

    /// Writes bytes as they are.
    void raw(std::string_view bytes);

    /// `text` in a style where colours are allowed, else as it is.
    std::string styled(std::string_view text, Style style) const;

    bool terminal() const { return terminal_; }
    std::size_t width() const { return width_; }
    bool colour() const { return colour_; }

    std::string heading(std::string_view text) const { return styled(text, Style::heading); }
    std::string alarming(std::string_view text) const { return styled(text, Style::error); }

    /// Flushes; false when something could not be written, such as on a full disk.
    [[nodiscard]] bool finish();

  private:
    std::ostream& stream_;
    bool terminal_;
    bool colour_;
    std::size_t width_;
};

}  // namespace rstwatch::cli
