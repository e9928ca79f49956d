// SPDX-License-Identifier: Apache-2.0
#include "tests/support/pseudo_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace rstwatch::test {
namespace {

std::size_t first_number(std::string_view parameters) {
    const auto number = std::strtoul(std::string(parameters).c_str(), nullptr, 10);
    return number == 0 ? 1 : number;
}

void say(const std::string& text) {
    [[maybe_unused]] const auto count = write(STDOUT_FILENO, text.data(), text.size());
}

void wait_for_line() {
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
    }
}

/// As a shell does: the program has a process group of its own, which owns the terminal while it runs.
[[noreturn]] void be_shell(const std::function<int()>& program) {
    const pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        ::signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(STDIN_FILENO, getpid());
        ::signal(SIGTTOU, SIG_DFL);
        const int code = program();
        std::fflush(nullptr);
        _exit(code);
    }
    ::signal(SIGTTOU, SIG_IGN);
    setpgid(child, child);
    for (;;) {
        int status = 0;
        if (waitpid(child, &status, WUNTRACED) != child) _exit(1);
        tcsetpgrp(STDIN_FILENO, getpgrp());
        if (WIFSTOPPED(status)) {
            say("\r[stopped]\r\n");
            wait_for_line();
            tcsetpgrp(STDIN_FILENO, child);
            kill(-child, SIGCONT);
            continue;
        }
        say(WIFSIGNALED(status) ? "[signal " + std::to_string(WTERMSIG(status)) + "]\r\n"
                                : "[exit " + std::to_string(WEXITSTATUS(status)) + "]\r\n");
        // The terminal goes away with its last process, and with it what was not read yet.
        wait_for_line();
        _exit(0);
    }
}

}  // namespace

TerminalScreen::TerminalScreen(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns) {
    clear();
}

void TerminalScreen::clear() {
    lines_.assign(rows_, std::vector<Cell>(columns_));
}

void TerminalScreen::resize(std::size_t rows, std::size_t columns) {
    rows_ = rows;
    columns_ = columns;
    for (auto* lines : {&lines_, &main_}) {
        lines->resize(rows);
        for (auto& line : *lines) line.resize(columns);
    }
    row_ = std::min(row_, rows - 1);
    column_ = std::min(column_, columns - 1);
}

void TerminalScreen::new_line() {
    if (row_ + 1 < rows_) {
        ++row_;
        return;
    }
    lines_.erase(lines_.begin());
    lines_.emplace_back(columns_);
}

void TerminalScreen::put(std::string character) {
    if (column_ >= columns_) {
        if (wraps_) {
            column_ = 0;
            new_line();
        } else {
            column_ = columns_ - 1;
        }
    }
    lines_[row_][column_++] = {std::move(character), style_};
}

void TerminalScreen::erase(std::size_t row, std::size_t from) {
    for (auto column = from; column < columns_; ++column) lines_[row][column] = Cell();
}

void TerminalScreen::set_mode(std::string_view parameters, bool on) {
    if (parameters == "?25") {
        cursor_visible_ = on;
    } else if (parameters == "?7") {
        wraps_ = on;
    } else if (parameters == "?1049") {
        if (on && !alternate_) {
            main_ = lines_;
            main_row_ = row_;
            main_column_ = column_;
            clear();
            clears_ = 0;
        }
        if (!on && alternate_) {
            lines_ = main_;
            row_ = main_row_;
            column_ = main_column_;
        }
        alternate_ = on;
    } else if (parameters == "?2026") {
        updating_ = on;
    } else {
        unknown_ += std::string(parameters) + (on ? "h" : "l") + " ";
    }
}

void TerminalScreen::control(std::string_view parameters, char final) {
    switch (final) {
        case 'h':
        case 'l':
            return set_mode(parameters, final == 'h');
        case 'm':
            style_ = parameters == "0" ? "" : parameters;
            return;
        case 'H':
            row_ = std::min(first_number(parameters), rows_) - 1;
            column_ = 0;
            return;
        case 'K':
            return erase(row_, std::min(column_, columns_));
        case 'J':
            if (parameters == "2") {
                ++clears_;
                return clear();
            }
            erase(row_, std::min(column_, columns_));
            for (auto row = row_ + 1; row < rows_; ++row) erase(row, 0);
            return;
        default:
            unknown_ += std::string(parameters) + final + " ";
    }
}

void TerminalScreen::feed(std::string_view bytes) {
    for (const char byte : bytes) {
        pending_ += byte;
        const auto first = static_cast<unsigned char>(pending_[0]);
        if (first == 0x1B) {
            if (pending_.size() < 3 || byte < 0x40 || byte > 0x7E) continue;
            control(std::string_view(pending_).substr(2, pending_.size() - 3), byte);
        } else if (first >= 0xC0 && pending_.size() < (first >= 0xF0 ? 4u : first >= 0xE0 ? 3u : 2u)) {
            continue;
        } else if (byte == '\r') {
            column_ = 0;
        } else if (byte == '\n') {
            new_line();
        } else {
            put(pending_);
        }
        pending_.clear();
    }
}

std::string TerminalScreen::text() const {
    std::string text;
    for (const auto& line : lines_) {
        std::string characters;
        for (const auto& cell : line) characters += cell.character;
        characters.erase(characters.find_last_not_of(' ') + 1);
        text += characters + "\n";
    }
    text.erase(text.find_last_not_of('\n') + 1);
    return text.empty() ? text : text + "\n";
}

std::string TerminalScreen::style_at(std::string_view text) const {
    for (const auto& line : lines_) {
        for (std::size_t at = 0; at < line.size(); ++at) {
            std::string from;
            for (auto i = at; i < line.size() && from.size() < text.size(); ++i) from += line[i].character;
            if (from == text) return line[at].style;
        }
    }
    return "not shown";
}

PseudoTerminal::PseudoTerminal(const std::function<int()>& program, std::size_t rows, std::size_t columns)
    : screen_(rows, columns) {
    winsize size{};
    size.ws_row = static_cast<unsigned short>(rows);
    size.ws_col = static_cast<unsigned short>(columns);
    std::fflush(nullptr);
    shell_ = forkpty(&master_, nullptr, nullptr, &size);
    if (shell_ < 0) throw std::runtime_error("there is no pseudo terminal");
    if (shell_ == 0) be_shell(program);
    fcntl(master_, F_SETFD, FD_CLOEXEC);
}

PseudoTerminal::~PseudoTerminal() {
    signal(SIGKILL);
    kill(shell_, SIGKILL);
    close(master_);
    waitpid(shell_, nullptr, 0);
}

void PseudoTerminal::type(std::string_view keys) {
    [[maybe_unused]] const auto count = write(master_, keys.data(), keys.size());
}

void PseudoTerminal::resize(std::size_t rows, std::size_t columns) {
    winsize size{};
    size.ws_row = static_cast<unsigned short>(rows);
    size.ws_col = static_cast<unsigned short>(columns);
    screen_.resize(rows, columns);
    ioctl(master_, TIOCSWINSZ, &size);
}

void PseudoTerminal::signal(int number) {
    const pid_t group = tcgetpgrp(master_);
    // Anything below names other processes than these.
    if (group > 1) kill(-group, number);
}

bool PseudoTerminal::read_some(std::chrono::milliseconds limit) {
    pollfd readable{master_, POLLIN, 0};
    if (poll(&readable, 1, static_cast<int>(std::max<std::int64_t>(limit.count(), 0))) <= 0) return false;
    std::array<char, 4096> bytes{};
    const auto count = read(master_, bytes.data(), bytes.size());
    if (count <= 0) return false;
    screen_.feed({bytes.data(), static_cast<std::size_t>(count)});
    return true;
}

bool PseudoTerminal::wait_until(const std::function<bool(const TerminalScreen&)>& holds,
                                std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (screen_.updating() || !holds(screen_)) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0 || !read_some(left)) return false;
    }
    return true;
}

bool PseudoTerminal::wait_for(std::string_view text) {
    return wait_until([&](const auto& screen) { return screen.text().find(text) != std::string::npos; });
}

bool PseudoTerminal::wait_for_end_of(std::string_view text) {
    return wait_until([&](const auto& screen) { return screen.text().find(text) == std::string::npos; });
}

bool PseudoTerminal::is_canonical() const {
    termios modes{};
    // Of the master this tells the modes of the terminal itself (tty_ioctl(4)).
    return tcgetattr(master_, &modes) == 0 && (modes.c_lflag & ICANON) != 0 && (modes.c_lflag & ECHO) != 0;
}

}  // namespace rstwatch::test
