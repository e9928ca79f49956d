// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

namespace rstwatch::port {

/// An error as a value: what failed, the value and the limit concerned, and what to do about it. Empty: no error.
class [[nodiscard]] Failure {
  public:
    Failure() = default;
    explicit Failure(std::string message) : message_(std::move(message)) {}

    explicit operator bool() const { return !message_.empty(); }
    const std::string& message() const { return message_; }

  private:
    std::string message_;
};

}  // namespace rstwatch::port
