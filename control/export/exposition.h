// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace rstwatch::control {

/// Writes metrics in Prometheus' text format, version 0.0.4. Every name gets the prefix rstwatch_. A family without
/// samples leaves no trace: what is not known is not there, for 0 would be a claim.
class Exposition {
  public:
    enum class Type : std::uint8_t { counter, gauge, histogram };
    using Label = std::pair<std::string_view, std::string_view>;
    using Labels = std::initializer_list<Label>;

    /// Begins a family; its samples follow. `help` is a sentence without its full stop.
    void family(std::string_view name, Type type, std::string_view help);

    void sample(Labels labels, std::uint64_t value) { line("", labels, std::to_string(value)); }
    void sample(Labels labels, double value);
    /// Of a histogram: `suffix` is _bucket, _sum or _count.
    void part(std::string_view suffix, Labels labels, std::uint64_t value) {
        line(suffix, labels, std::to_string(value));
    }

    /// Families of a single sample without labels.
    void counter(std::string_view name, std::string_view help, std::uint64_t value);
    void counter(std::string_view name, std::string_view help, double value);
    void gauge(std::string_view name, std::string_view help, std::uint64_t value);
    void gauge(std::string_view name, std::string_view help, double value);

    std::string take() { return std::move(text_); }

    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  private:
    void line(std::string_view suffix, Labels labels, std::string_view value);

    std::string text_;
    std::string name_;
    std::string head_;  ///< of the family, until its first sample
};

}  // namespace rstwatch::control
