// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/explain.h"

#include <variant>

#include "tools/rstwatch/client.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/explanation.h"
#include "tools/rstwatch/fetch.h"
#include "tools/rstwatch/row.h"
#include "tools/rstwatch/time_format.h"
#include "tools/rstwatch/value_list.h"

namespace rstwatch::cli {

std::optional<std::string> explain_target(const std::string& subject) {
    const auto endpoint = parse_endpoint(subject);
    if (!endpoint) return std::nullopt;
    return std::string(endpoint->port ? "/api/v1/destinations/" : "/api/v1/clients/") +
           percent_encoded(endpoint_text(endpoint->address, endpoint->port));
}

ExitCode explain(const ExplainOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
                 std::ostream& diagnostics) {
    const auto target = explain_target(options.subject);
    if (!target) {
        diagnostics << "rstwatch: explain: \"" << printable(options.subject)
                    << "\" is no address of a host, nor of a service with a port from 1 to 65535; give one such as "
                       "10.0.0.1, 10.0.0.1:443 or [2001:db8::1]:443\n";
        return ExitCode::usage;
    }
    auto answer = try_fetch(servers, {.target = *target});
    if (const auto* failure = std::get_if<FetchFailure>(&answer)) {
        constexpr unsigned not_found = 404;
        if (failure->status == not_found)
            diagnostics << "rstwatch: nothing is known of " << printable(options.subject) << ": " << failure->message
                        << '\n';
        else
            diagnostics << "rstwatch: " << failure->message << '\n';
        return failure->code;
    }
    const std::string& body = std::get<Fetched>(answer).body;
    const Document& document = std::get<Fetched>(answer).document;
    if (format == Format::json) out.raw(body.ends_with('\n') ? body : body + '\n');
    if (format == Format::jsonl) out.line(json_line(document));
    if (format == Format::csv) write_values(document, out);
    if (format == Format::table)
        write_with_names(options.resolve, out, [&](Output& to, const NameOf& name_of) {
            write_explanation(document, to, wall_clock(), name_of);
        });
    return ExitCode::ok;
}

}  // namespace rstwatch::cli
