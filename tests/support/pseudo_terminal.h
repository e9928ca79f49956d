// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rstwatch::test {

/// What a terminal shows after the bytes that it was sent: the part of ECMA-48 and xterm that programs here use. Any
/// other control sequence is an error, noted in unknown().
class TerminalScreen {
  public:
    TerminalScreen(std::size_t rows, std::size_t columns);

    void feed(std::string_view bytes);
    void resize(std::size_t rows, std::size_t columns);

    /// The lines without blanks at their ends, each ended by a line feed; without empty lines at the end.
    std::string text() const;

    /// The style (SGR parameters) of the character at which `text` begins, the first time that it is shown.
    std::string style_at(std::string_view text) const;

    bool alternate() const { return alternate_; }
    bool cursor_visible() const { return cursor_visible_; }
    bool wraps() const { return wraps_; }
    bool updating() const { return updating_; }     ///< within a synchronized update
    std::size_t clears() const { return clears_; }  ///< of all that was shown, since the alternate screen was entered
    const std::string& unknown() const { return unknown_; }

  private:
    struct Cell {
        std::string character = " ";
        std::string style;
    };
    using Lines = std::vector<std::vector<Cell>>;

    void put(std::string character);
    void new_line();
    void control(std::string_view parameters, char final);
    void set_mode(std::string_view parameters, bool on);
    void erase(std::size_t row, std::size_t from);
    void clear();

    std::size_t rows_;
    std::size_t columns_;
    Lines lines_;
    Lines main_;  ///< hidden while the alternate screen is shown
    std::size_t row_ = 0;
    std::size_t column_ = 0;
    std::size_t main_row_ = 0;
    std::size_t main_column_ = 0;
    std::string style_;
    std::string pending_;  ///< the beginning of a sequence or character
    std::string unknown_;
    bool alternate_ = false;
    bool cursor_visible_ = true;
    bool wraps_ = true;
    bool updating_ = false;
    std::size_t clears_ = 0;
};

/// A program on a pseudo terminal, with a job-controlling shell of ten lines before it, which writes "[stopped]" when
/// the program is stopped, continues it when a line is typed, and at the end writes "[exit N]" or "[signal N]".
class PseudoTerminal {
  public:
    /// `program` runs in a process of its own and returns its exit code.
    explicit PseudoTerminal(const std::function<int()>& program, std::size_t rows = 24, std::size_t columns = 80);
    ~PseudoTerminal();
    PseudoTerminal(const PseudoTerminal&) = delete;
    PseudoTerminal& operator=(const PseudoTerminal&) = delete;

    void type(std::string_view keys);
    void resize(std::size_t rows, std::size_t columns);
    void signal(int number);  ///< to the program

    /// Reads until `holds` is true of the screen between two updates. False when the terminal is closed, or `limit`
    /// passes, before.
    bool wait_until(const std::function<bool(const TerminalScreen&)>& holds,
                    std::chrono::milliseconds limit = std::chrono::seconds(20));
    bool wait_for(std::string_view text);
    bool wait_for_end_of(std::string_view text);

    const TerminalScreen& screen() const { return screen_; }
    bool is_canonical() const;  ///< lines are edited and echoed, as shells want it

  private:
    bool read_some(std::chrono::milliseconds limit);

    TerminalScreen screen_;
    int master_ = -1;
    pid_t shell_ = 0;
};

}  // namespace rstwatch::test
