// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "config/settings.h"
#include "config/text_form.h"
#include "config/value.h"

namespace rstwatch::config {

/// One of the keys of a [[sink]] table.
struct SinkMember {
    std::string_view name;
    std::variant<std::string Sink::*, bool Sink::*, std::int64_t Sink::*, double Sink::*> member;
    bool is_target;        ///< says where to: each table has exactly one of these
    const TextForm* form;  ///< of a text
    double min, max;       ///< of a number
    std::string_view help;
    std::string_view details;
    std::string_view example;  ///< as TOML writes it; of what is no target: the default
};

std::span<const SinkMember> sink_members();
const SinkMember* find_sink_member(std::string_view name);

/// What a key may be, as in "give ...".
std::string limits(const SinkMember& member);

/// Puts a value into its field, or says what is wrong with it and what to give instead.
[[nodiscard]] std::optional<std::string> store(Sink& sink, const SinkMember& member, const Value& value);

/// Where a sink leads to, such as "alertmanager http://127.0.0.1:9093"; names it in the status and in the log.
std::string name_of(const Sink& sink);

}  // namespace rstwatch::config
