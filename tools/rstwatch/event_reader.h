// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace rstwatch::cli {

/// Takes server-sent events out of bytes as they come
/// (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
class EventReader {
  public:
    using Take = std::function<void(const std::string& event, const std::string& data)>;

    explicit EventReader(Take take) : take_(std::move(take)) {}

    /// Hands over every event that is complete. False when a line or an event is longer than any daemon's: whoever is
    /// at the other end is none.
    [[nodiscard]] bool read(std::string_view bytes);

  private:
    void read_line(std::string_view line);

    Take take_;
    std::string line_;
    std::string event_;
    std::string data_;
    bool after_return_ = false;  ///< the last byte was a carriage return, which a line feed belongs to
};

}  // namespace rstwatch::cli
