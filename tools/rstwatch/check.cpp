// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <variant>

#include "tools/rstwatch/csv.h"
#include "tools/rstwatch/depth.h"
#include "tools/rstwatch/document.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/explain.h"
#include "tools/rstwatch/fetch.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/outcome_text.h"
#include "tools/rstwatch/row.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {
namespace {

/// What was found: the rate, or only why there is none.
struct Finding {
    std::optional<double> failed_per_second;
    std::string reason;
};

struct Judgement {
    CheckState state = CheckState::unknown;
    Finding finding;
};

const char* name(CheckState state) {
    constexpr std::array names{"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    return names[static_cast<std::size_t>(number(state))];
}

/// As monitoring reads it: a point, no separators, digits enough for 1 attempt in 5 minutes.
std::string plain_number(double value) {
    std::array<char, 400> text{};  // the largest double has 309 digits
    std::snprintf(text.data(), text.size(), "%.4g", value);
    if (std::abs(value) >= 1000) std::snprintf(text.data(), text.size(), "%.0f", value);
    return text.data();
}

/// The bar begins the performance data, so it must not come from the wire.
std::string without_bars(std::string text) {
    std::replace(text.begin(), text.end(), '|', '/');
    return printable(text);
}

void write_line(const Judgement& judgement, const CheckOptions& options, Output& out) {
    const auto& rate = judgement.finding.failed_per_second;
    const bool thresholds = options.crit > 0 || options.warn > 0 || rate;
    out.line("RSTWATCH " + std::string(name(judgement.state)) + " - " + without_bars(judgement.finding.reason) +
             (!thresholds ? ""
                          : " | failed_per_second=" + (rate ? plain_number(*rate) : "U") + ";" +
                                plain_number(options.warn) + ";" + plain_number(options.crit) + ";0;"));
}

CheckState write(const Judgement& judgement, const CheckOptions& options, Format format, Output& out) {
    if (format == Format::table) {
        write_line(judgement, options, out);
        return judgement.state;
    }
    const auto& rate = judgement.finding.failed_per_second;
    const Document document{{"state", name(judgement.state)},
                            {"code", number(judgement.state)},
                            {"subject", options.service.empty() ? "network" : options.service},
                            {"failed_per_second", rate ? Document(*rate) : Document(nullptr)},
                            {"warn", options.warn},
                            {"crit", options.crit},
                            {"text", judgement.finding.reason}};
    if (format == Format::csv) {
        const std::vector<std::string> names{"state", "code", "subject", "failed_per_second", "warn", "crit", "text"};
        out.line(csv_line(names));
        out.line(csv_line(fields_at(document, names)));
    } else {
        out.line(json_line(document));
    }
    return judgement.state;
}

std::int64_t seconds_of(const std::string& window) {
    return window == "10s" ? 10 : window == "5m" ? 300 : 60;
}

/// Asks the daemon; the first thing that goes wrong is the finding, and later questions are not asked.
class Inquiry {
  public:
    Inquiry(const CheckOptions& options, const std::vector<ServerAddress>& servers)
        : options_(options), servers_(servers) {}

    Finding finding() {
        const auto blind = blindness();
        if (!blind.empty()) return {std::nullopt, blind};
        return options_.service.empty() ? of_network() : of_service();
    }

  private:
    std::optional<Document> ask(const std::string& target) {
        auto answer = try_fetch(servers_, {.target = target});
        if (auto* fetched = std::get_if<Fetched>(&answer)) return std::move(fetched->document);
        problem_ = std::get<FetchFailure>(answer).message;
        return std::nullopt;
    }

    std::string target_of_top(const char* by, const char* rows) const {
        return std::string("/api/v1/top?outcome=failed&by=") + by + "&n=" + rows + "&window=" + options_.window;
    }

    /// Why nothing that the daemon says about failures can be believed; empty when it sees packets.
    std::string blindness() {
        const auto status = ask("/api/v1/status");
        if (!status) return problem_;
        const auto packets = integer_at(member_at(*status, "packets"), "received");
        const auto last = number_at(*status, "clock");
        if (!packets || *packets == 0 || !last) return "no packets seen: is the SPAN port up?";
        if (text_at(*status, "mode") != "live") return {};
        const double silent = wall_clock() - *last;
        if (silent <= static_cast<double>(seconds_of(options_.window))) return {};
        return "no packets for " + span_text(silent) + ": is the SPAN port up?";
    }

    Finding of_network() {
        // Services are ports: a thousand of them hold what fails, but for scans, whose rate is high enough anyway.
        constexpr std::size_t most_rows = 1000;
        const auto top = ask(target_of_top("service", "1000"));
        if (!top) return {std::nullopt, problem_};
        const auto seconds = integer_at(*top, "window_seconds").value_or(0);
        if (seconds <= 0 || integer_at(member_at(*top, "packets"), "received").value_or(0) == 0)
            return {std::nullopt,
                    "no packets within " + period_text(seconds_of(options_.window)) + ": is the SPAN port up?"};
        const auto& rows = member_at(*top, "rows");
        std::int64_t failed = 0;
        for (const auto& row : rows) failed += integer_at(row, "count").value_or(0);
        const double rate = static_cast<double>(failed) / static_cast<double>(seconds);
        const auto depth = depth_trouble(*top);
        return {rate, (rows.size() >= most_rows ? "at least " : "") + rate_text(rate) + " of " +
                          rate_text(static_cast<double>(integer_at(*top, "attempts").value_or(0)) /
                                    static_cast<double>(seconds)) +
                          " connection attempts per second fail over " + period_text(seconds) + worst() +
                          (depth.empty() ? "" : "; " + depth)};
    }

    /// Where most of it fails and how: "; most at 10.0.0.1:7211 (collector): refused".
    std::string worst() {
        const auto top = ask(target_of_top("destination", "1"));
        if (!top || member_at(*top, "rows").empty()) return {};
        const auto& row = member_at(*top, "rows").front();
        const auto service = text_at(row, "service");
        return "; most at " + subject_of(row) + (service.empty() ? "" : " (" + service + ")") + ": " +
               worst_outcome(member_at(row, "outcomes"));
    }

    Finding of_service() {
        const auto document = ask(*explain_target(options_.service));
        if (!document) return {std::nullopt, options_.service + ": " + problem_};
        for (const auto& rate : member_at(*document, "rates")) {
            if (integer_at(rate, "seconds") != seconds_of(options_.window)) continue;
            const auto failed = number_at(rate, "failed_per_second");
            return {failed, service_text(*document, failed, number_at(rate, "accepted_per_second"))};
        }
        return {std::nullopt,
                options_.service + ": the daemon has no rate over " + period_text(seconds_of(options_.window))};
    }

    std::string service_text(const Document& document, std::optional<double> failed,
                             std::optional<double> accepted) const {
        const auto service = text_at(document, "service");
        auto text = options_.service + (service.empty() ? "" : " (" + service + ")") + ": " + rate_text(failed) +
                    " connections per second fail, " + rate_text(accepted) + " are accepted over " +
                    period_text(seconds_of(options_.window));
        const auto sentence = text_at(member_at(document, "diagnosis"), "sentence");
        const bool failing = !member_at(document, "failing").empty();
        if (failing && !sentence.empty()) text += "; " + sentence;
        const auto depth = depth_trouble_since_start(document);
        return depth.empty() ? text : text + "; " + depth;
    }

    const CheckOptions& options_;
    const std::vector<ServerAddress>& servers_;
    std::string problem_;
};

/// What is wrong with the options; empty when nothing is.
std::string mistake_in(const CheckOptions& options) {
    if (!std::isfinite(options.warn) || options.warn < 0)
        return "--warn is " + plain_number(options.warn) + "; it must be a rate from 0 on";
    if (!std::isfinite(options.crit) || options.crit < options.warn)
        return "--crit is " + plain_number(options.crit) + "; it must not be below --warn, which is " +
               plain_number(options.warn);
    const auto endpoint = parse_endpoint(options.service);
    if (!options.service.empty() && (!endpoint || !endpoint->port))
        return "\"" + options.service + "\" is no service; give one such as 10.0.0.1:443 or [2001:db8::1]:443";
    return {};
}

}  // namespace

CheckState check(const CheckOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out) {
    const auto mistake = mistake_in(options);
    if (!mistake.empty()) return report_unknown(mistake, format, out);
    Judgement judgement{CheckState::unknown, Inquiry(options, servers).finding()};
    if (const auto rate = judgement.finding.failed_per_second)
        judgement.state = *rate >= options.crit   ? CheckState::critical
                          : *rate >= options.warn ? CheckState::warning
                                                  : CheckState::ok;
    return write(judgement, options, format, out);
}

CheckState report_unknown(const std::string& reason, Format format, Output& out) {
    return write({CheckState::unknown, {std::nullopt, reason}}, {}, format, out);
}

}  // namespace rstwatch::cli
