// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/alert/notice.h"

namespace rstwatch::control {

/// Notices that wait for delivery: of each alert the newest alone, in the order in which they came. When it is full the
/// oldest gives way, because it is the one that is most out of date.
class Backlog {
  public:
    /// `capacity` is at least 1.
    explicit Backlog(std::size_t capacity) : capacity_(capacity) {}

    /// Takes the place of what waits of the same alert. An alert whose beginning was not delivered yet is still
    /// `fired` when it changes.
    void add(AlertNotice notice);

    /// Takes out the oldest ones, at most `most`.
    std::vector<AlertNotice> take(std::size_t most);

    /// Puts back, in front, what could not be delivered, but for what is out of date by now.
    void put_back(std::vector<AlertNotice> notices);

    bool contains(const std::string& id) const { return by_id_.contains(id); }
    std::size_t size() const { return waiting_.size(); }

    /// Notices that gave way since the start.
    std::uint64_t dropped() const { return dropped_; }

  private:
    void make_room();

    std::size_t capacity_;
    std::list<AlertNotice> waiting_;
    std::unordered_map<std::string, std::list<AlertNotice>::iterator> by_id_;
    std::uint64_t dropped_ = 0;
};

}  // namespace rstwatch::control
