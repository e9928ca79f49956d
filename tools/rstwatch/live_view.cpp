// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/live_view.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <utility>

#include "tools/rstwatch/alerts.h"
#include "tools/rstwatch/client.h"
#include "tools/rstwatch/emptiness.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/explain.h"
#include "tools/rstwatch/explanation.h"
#include "tools/rstwatch/live_header.h"
#include "tools/rstwatch/outcome_text.h"
#include "tools/rstwatch/row.h"
#include "tools/rstwatch/time_format.h"
#include "tools/rstwatch/top_table.h"
#include "tools/rstwatch/wrap.h"

namespace rstwatch::cli {
namespace {

constexpr const char* help_text = R"(Keys

  up down j k     move the cursor; PgUp PgDn Home End by more
  Enter           explain the service or host under the cursor; of a port: its destinations
  Esc             back; in the list: take the filter away
  o O             next, previous outcome: refused, failed, then each that counts as failed
  b g             list destinations, clients, services
  w               window: over how long a time
  s               sort by count, clients, since, last, name
  /               show only what contains a text; Enter keeps it, Esc takes it away
  a               active alerts
  space p         pause, go on
  h ?             this help
  q Ctrl-C        quit
)";

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

std::vector<std::string> split_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// The lines that `write` puts on an Output of `width`.
template <typename Write>
std::vector<std::string> lines_of(std::size_t width, bool colour, Write write) {
    std::ostringstream text;
    Output out(text, true, colour, width);
    write(out);
    return split_lines(text.str());
}

/// The element behind `current` in a circle, or `step` of them.
const std::string& next_of(const std::vector<std::string>& all, const std::string& current, std::ptrdiff_t step) {
    const auto size = static_cast<std::ptrdiff_t>(all.size());
    const auto at = std::find(all.begin(), all.end(), current) - all.begin();
    return all[static_cast<std::size_t>(((at == size ? 0 : at) + step + size) % size)];
}

void add_missing(std::vector<std::string>& all, const std::string& one) {
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

}  // namespace

LiveView::LiveView(const TopOptions& options, bool colour, NameOf name_of)
    : name_of_(std::move(name_of)),
      colour_(colour),
      by_(options.by),
      outcome_(options.outcome),
      window_(options.window),
      rows_(options.rows.value_or(most_top_rows)),
      outcomes_{"refused", "failed"},
      windows_{"10s", "60s", "5m"} {
    for (const auto& name : failed_outcomes()) add_missing(outcomes_, name);
    add_missing(outcomes_, outcome_);
    // The daemon's own choice is a minute, unless it shows a replay: then it is all of it.
    if (window_.empty()) windows_.insert(windows_.begin(), window_);
    add_missing(windows_, window_);
}

void LiveView::press(const Key& key) {
    using Kind = Key::Kind;
    if (key.kind == Kind::interrupt) quit_ = true;
    if (editing_filter_) return press_in_filter(key);
    const auto page = static_cast<std::ptrdiff_t>(page_size_);
    constexpr std::ptrdiff_t all = 1 << 20;
    switch (key.kind) {
        case Kind::up:
            return move(-1);
        case Kind::down:
            return move(1);
        case Kind::page_up:
            return move(-page);
        case Kind::page_down:
            return move(page);
        case Kind::home:
            return move(-all);
        case Kind::end:
            return move(all);
        case Kind::enter:
            return mode_ == Mode::list ? drill() : go_back();
        case Kind::escape:
        case Kind::backspace:
            return go_back();
        case Kind::interrupt:
            return;
        case Kind::text:
            break;
    }
    if (key.text.size() == 1) press_character(key.text[0]);
}

void LiveView::press_character(char key) {
    if (mode_ == Mode::list && press_in_list(key)) return;
    switch (key) {
        case 'q':
        case 'Q':
            quit_ = true;
            break;
        case 'h':
        case '?':
            mode_ == Mode::help ? go_back() : show(Mode::help);
            break;
        case 'a':
            mode_ == Mode::alerts ? go_back() : show(Mode::alerts);
            break;
        case ' ':
        case 'p':
            paused_ = !paused_;
            break;
        case 'j':
            move(1);
            break;
        case 'k':
            move(-1);
            break;
        default:
            break;
    }
}

bool LiveView::press_in_list(char key) {
    static const Lines groups{"destination", "client", "service"};
    switch (key) {
        case 'o':
            switch_outcome(1);
            return true;
        case 'O':
            switch_outcome(-1);
            return true;
        case 'b':
        case 'g':
            by_ = next_of(groups, by_, 1);
            return true;
        case 'w':
            window_ = next_of(windows_, window_, 1);
            return true;
        case 's':
            order_ = order_ == Order::subject ? Order::count : static_cast<Order>(static_cast<int>(order_) + 1);
            return true;
        case '/':
            editing_filter_ = true;
            return true;
        default:
            return false;
    }
}

void LiveView::press_in_filter(const Key& key) {
    constexpr std::size_t longest = 100;
    if (key.kind == Key::Kind::text && filter_.size() < longest) filter_ += key.text;
    if (key.kind == Key::Kind::backspace && !filter_.empty()) {
        while (filter_.size() > 1 && (static_cast<unsigned char>(filter_.back()) & 0xC0U) == 0x80) filter_.pop_back();
        filter_.pop_back();
    }
    if (key.kind == Key::Kind::escape) filter_.clear();
    if (key.kind == Key::Kind::escape || key.kind == Key::Kind::enter) editing_filter_ = false;
}

void LiveView::switch_outcome(std::ptrdiff_t step) {
    outcome_ = next_of(outcomes_, outcome_, step);
}

void LiveView::move(std::ptrdiff_t rows) {
    auto& place = mode_ == Mode::list ? cursor_ : scroll_;
    place = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(place) + rows));
    if (mode_ == Mode::list) cursor_ = std::min(cursor_, listed_.empty() ? 0 : listed_.size() - 1);
}

void LiveView::show(Mode mode) {
    mode_ = mode;
    scroll_ = 0;
}

void LiveView::go_back() {
    if (mode_ == Mode::list) filter_.clear();
    show(Mode::list);
}

void LiveView::drill() {
    if (cursor_ >= listed_.size()) return;
    const auto& row = listed_[cursor_];
    if (row.service.empty()) {
        by_ = "destination";
        filter_ = ":" + row.port;
        return;
    }
    explained_ = row.service;
    show(Mode::explanation);
}

LiveQuestion LiveView::question() const {
    const auto window = window_.empty() ? "" : "&window=" + percent_encoded(window_);
    return {.top = "/api/v1/top?by=" + percent_encoded(by_) + "&outcome=" + percent_encoded(outcome_) + window +
                   "&n=" + std::to_string(rows_),
            .explained = mode_ == Mode::explanation ? explain_target(explained_).value_or("") : ""};
}

bool LiveView::is_wanted(const Document& row) const {
    if (filter_.empty()) return true;
    const auto text = subject_of(row) + " " + service_of(row) + " " + subject_of(row, name_of_);
    return lower(text).find(lower(filter_)) != std::string::npos;
}

std::vector<const Document*> LiveView::rows_of(const Document& top) const {
    std::vector<const Document*> rows;
    for (const auto& row : member_at(top, "rows"))
        if (row.is_object() && is_wanted(row)) rows.push_back(&row);
    const auto before = [this](const Document* a, const Document* b) {
        const auto number = [](const Document* row, const char* key) { return number_at(*row, key).value_or(0); };
        switch (order_) {
            case Order::count:
                return number(a, "count") > number(b, "count");
            case Order::clients:
                return number(a, "clients") > number(b, "clients");
            case Order::since:
                return number(a, "first") < number(b, "first");
            case Order::last:
                return number(a, "last") > number(b, "last");
            case Order::subject:
                break;
        }
        return subject_of(*a) < subject_of(*b);
    };
    std::stable_sort(rows.begin(), rows.end(), before);
    return rows;
}

/// Notes what is listed now. The cursor stays on the row that it was on, wherever that has gone.
void LiveView::remember(const std::vector<const Document*>& rows) {
    const auto former = cursor_ < listed_.size() ? listed_[cursor_].subject : std::string();
    listed_.clear();
    for (const auto* row : rows) {
        const auto address = text_at(*row, "address");
        const auto port = integer_at(*row, "port");
        listed_.push_back({.subject = subject_of(*row),
                           .service = address.empty() ? "" : endpoint_text(address, port),
                           .port = port ? std::to_string(*port) : ""});
    }
    const auto same =
        std::find_if(listed_.begin(), listed_.end(), [&](const auto& row) { return row.subject == former; });
    if (same != listed_.end()) cursor_ = static_cast<std::size_t>(same - listed_.begin());
    cursor_ = std::min(cursor_, listed_.empty() ? 0 : listed_.size() - 1);
}

const char* LiveView::name(Order order) {
    constexpr std::array names{"count", "clients", "since", "last", "name"};
    return names[static_cast<std::size_t>(order)];
}

std::string LiveView::list_title(const Document& top) const {
    const auto seconds = integer_at(top, "window_seconds");
    return printable(text_at(top, "outcome")) + " by " + printable(text_at(top, "by")) + ", " +
           (seconds ? "last " + period_text(*seconds) : "window unknown") + ", sorted by " + name(order_) +
           (filter_.empty() ? "" : ", only \"" + printable(filter_) + "\"");
}

LiveView::Lines LiveView::list_lines(const LiveAnswer& answer, std::size_t width, std::size_t room, double now) {
    const auto asking = "asking for " + printable(outcome_) + " by " + printable(by_) + " ...";
    if (!answer.top) {
        listed_.clear();
        return {asking};
    }
    const auto& top = *answer.top;
    const auto rows = rows_of(top);
    remember(rows);
    auto lines = lines_of(width, colour_, [&](Output& out) {
        // What was listed before stays until there is something new to see.
        const bool matches = answer.question.top == question().top;
        out.text("", list_title(top) + (matches ? "" : "   " + asking), Style::heading);
        out.line("");
    });
    if (rows.empty()) {
        const auto why =
            !filter_.empty()
                ? "nothing of what is listed contains \"" + printable(filter_) + "\""
                : emptiness_text(printable(text_at(top, "outcome")), integer_at(top, "attempts"),
                                 integer_at(member_at(top, "packets"), "received"), "is the SPAN port up?");
        for (auto& line : wrapped(why, width)) lines.push_back(line);
        return lines;
    }
    page_size_ = room > lines.size() + 1 ? room - lines.size() - 1 : 1;  // below the titles
    first_ = std::min(first_, cursor_);
    if (cursor_ >= first_ + page_size_) first_ = cursor_ - page_size_ + 1;
    first_ = std::min(first_, rows.size() > page_size_ ? rows.size() - page_size_ : 0);
    // Only what is seen is laid out: the names of all the others need not be looked up.
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first_);
    const auto count = std::min(rows.size() - first_, page_size_);
    const std::vector<const Document*> visible(begin, begin + static_cast<std::ptrdiff_t>(count));
    for (auto& line : table_lines(answer, visible, cursor_ - first_, width, now)) lines.push_back(std::move(line));
    return lines;
}

LiveView::Lines LiveView::table_lines(const LiveAnswer& answer, const std::vector<const Document*>& rows,
                                      std::size_t selected, std::size_t width, double now) const {
    const auto alerts = answer.alerts ? sorted_alerts(*answer.alerts, false) : std::vector<const Document*>();
    const auto style_of = [&](const Document& row) {
        if (&row == rows[selected]) return Style::selected;
        for (const auto* alert : alerts)
            if (text_at(*alert, "subject") == subject_of(row)) return style_of_level(text_at(*alert, "level"));
        return Style::plain;
    };
    // Where nothing may be in another style the cursor is a sign of its own.
    const std::string margin = colour_ ? "" : "  ";
    const TopLook look{
        .name_of = name_of_, .now = now, .width = width - std::min(width, margin.size()), .style_of = style_of};
    auto lines = lines_of(width, colour_, [&](Output& out) {
        top_table(text_at(*answer.top, "by"), text_at(*answer.top, "outcome"), rows, look).write(out, margin);
    });
    if (!colour_) lines[selected + 1][0] = '>';
    return lines;
}

void LiveView::write_page(const LiveAnswer& answer, double now, Output& out) const {
    if (mode_ == Mode::help) return out.raw(help_text);
    if (mode_ == Mode::alerts) {
        const auto alerts = answer.alerts ? sorted_alerts(*answer.alerts, false) : std::vector<const Document*>();
        if (!alerts.empty()) return write_alerts(alerts, out, now, name_of_);
        return out.line(answer.alerts ? "0 active alerts" : "the daemon does not say which alerts there are");
    }
    out.line(out.heading("explain " + printable(explained_)));
    out.line("");
    if (answer.question.explained != question().explained) return out.line("asking ...");
    if (answer.explained) return write_explanation(*answer.explained, out, now, name_of_);
    out.text("", answer.not_explained.empty() ? "not known yet" : answer.not_explained);
}

LiveView::Lines LiveView::page_lines(const LiveAnswer& answer, std::size_t width, std::size_t room, double now) {
    Lines lines;
    for (auto& line : lines_of(width, colour_, [&](Output& out) { write_page(answer, now, out); })) {
        // Commands are not wrapped elsewhere; here the terminal does not wrap.
        const bool command = line.find('\x1B') == std::string::npos;
        for (auto& part : command ? wrapped(line, width) : Lines{line}) lines.push_back(std::move(part));
    }
    page_size_ = std::max<std::size_t>(room, 1);
    scroll_ = std::min(scroll_, lines.size() > page_size_ ? lines.size() - page_size_ : 0);
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(scroll_));
    return lines;
}

std::string LiveView::bottom_line(std::size_t width) const {
    if (editing_filter_) return "only what contains: " + printable(filter_) + "_";
    const std::string full =
        mode_ == Mode::list
            ? "Enter explain  o outcome  b group  w window  s sort  / filter  a alerts  space pause  h help  q quit"
            : "Esc back  up down PgUp PgDn scroll  space pause  h help  q quit";
    return full.size() <= width ? full : "h help  q quit";
}

std::vector<std::string> LiveView::draw(const std::shared_ptr<const LiveAnswer>& latest, Screen::Size size,
                                        double now) {
    // Whatever else is asked for during a pause is shown once.
    const auto wanted = question();
    const bool another = shown_ && (shown_->question.top != wanted.top ||
                                    (!wanted.explained.empty() && shown_->question.explained != wanted.explained));
    if (!paused_ || !shown_ || another) shown_ = latest;
    static const LiveAnswer nothing;
    const auto& answer = shown_ ? *shown_ : nothing;
    auto lines = lines_of(size.columns, colour_, [&](Output& out) {
        if (latest)
            write_live_header(answer, paused_, now, out);
        else
            out.line(out.heading("rstwatch top") + "  asking ...");
        out.line("");
    });
    const auto room = size.rows > lines.size() + 1 ? size.rows - lines.size() - 1 : 0;
    const auto body =
        mode_ == Mode::list ? list_lines(answer, size.columns, room, now) : page_lines(answer, size.columns, room, now);
    lines.insert(lines.end(), body.begin(), body.end());
    lines.resize(std::max<std::size_t>(size.rows, 1) - 1);
    lines.push_back(
        lines_of(0, colour_, [&](Output& out) { out.line(out.heading(bottom_line(size.columns))); }).front());
    for (auto& line : lines) line = clipped(line, size.columns);
    return lines;
}

}  // namespace rstwatch::cli
