// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tools/rstwatch/key_decoder.h"
#include "tools/rstwatch/live_feed.h"
#include "tools/rstwatch/names.h"
#include "tools/rstwatch/output.h"
#include "tools/rstwatch/screen.h"
#include "tools/rstwatch/top.h"

namespace rstwatch::cli {

/// What the live view shows and how keys change it. It knows neither the terminal nor the network.
class LiveView {
  public:
    LiveView(const TopOptions& options, bool colour, NameOf name_of);

    void press(const Key& key);

    bool quit() const { return quit_; }

    /// What must be asked for to draw it.
    LiveQuestion question() const;

    /// The lines of the screen; none is wider than it. `latest` is null before the first answer. `now` is the wall
    /// clock in seconds since the epoch.
    std::vector<std::string> draw(const std::shared_ptr<const LiveAnswer>& latest, Screen::Size size, double now);

  private:
    enum class Mode { list, explanation, alerts, help };
    enum class Order { count, clients, since, last, subject };

    /// A row as it was drawn last.
    struct Listed {
        std::string subject;
        std::string service;  ///< ADDRESS:PORT or ADDRESS; empty for a port of any host
        std::string port;
    };

    using Lines = std::vector<std::string>;

    void press_character(char key);
    bool press_in_list(char key);
    void press_in_filter(const Key& key);
    void move(std::ptrdiff_t rows);
    void go_back();
    void drill();
    void show(Mode mode);
    void switch_outcome(std::ptrdiff_t step);

    std::vector<const Document*> rows_of(const Document& top) const;
    bool is_wanted(const Document& row) const;
    void remember(const std::vector<const Document*>& rows);
    Lines list_lines(const LiveAnswer& answer, std::size_t width, std::size_t room, double now);
    Lines table_lines(const LiveAnswer& answer, const std::vector<const Document*>& rows, std::size_t selected,
                      std::size_t width, double now) const;
    Lines page_lines(const LiveAnswer& answer, std::size_t width, std::size_t room, double now);
    void write_page(const LiveAnswer& answer, double now, Output& out) const;
    std::string list_title(const Document& top) const;
    std::string bottom_line(std::size_t width) const;
    static const char* name(Order order);

    NameOf name_of_;
    bool colour_;
    bool quit_ = false;
    bool paused_ = false;
    bool editing_filter_ = false;
    Mode mode_ = Mode::list;
    Order order_ = Order::count;
    std::string by_;
    std::string outcome_;
    std::string window_;  ///< empty: the daemon's choice
    std::int64_t rows_;   ///< to ask for
    std::string filter_;
    std::string explained_;                    ///< service or host that Mode::explanation is about
    Lines outcomes_;                           ///< to switch through
    Lines windows_;                            ///< likewise
    std::shared_ptr<const LiveAnswer> shown_;  ///< stays while paused
    std::vector<Listed> listed_;               ///< the cursor moves among them
    std::size_t cursor_ = 0;
    std::size_t first_ = 0;      ///< row at the top of the list
    std::size_t scroll_ = 0;     ///< line at the top of a page
    std::size_t page_size_ = 1;  ///< lines that there was room for
};

}  // namespace rstwatch::cli
