// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/fetch.h"

#include <optional>

#include "tools/rstwatch/client.h"
#include "tools/rstwatch/escape.h"

namespace rstwatch::cli {
namespace {

/// The `detail` of an application/problem+json document (RFC 9457), else the bare status.
std::string detail_of(const Reply& reply) {
    if (const auto problem = parse_document(reply.body)) {
        const auto detail = text_at(*problem, "detail");
        if (!detail.empty()) return printable(detail);
    }
    return "the server answered with status " + std::to_string(reply.status);
}

std::variant<Fetched, ExitCode> understand(const ServerAddress& server, Reply reply, std::ostream& diagnostics) {
    if (reply.status != 200) {
        diagnostics << "rstwatch: " << detail_of(reply) << '\n';
        return reply.status == 400 ? ExitCode::usage : ExitCode::failure;
    }
    auto document = parse_document(reply.body);
    if (!document || !document->is_object()) {
        diagnostics << "rstwatch: " << printable(server.text)
                    << " did not answer with a document of rstwatchd; is it another server?\n";
        return ExitCode::failure;
    }
    return Fetched{std::move(reply.body), std::move(*document)};
}

}  // namespace

std::variant<Fetched, ExitCode> fetch(const std::vector<ServerAddress>& servers, const std::string& target,
                                      std::ostream& diagnostics) {
    std::string tried;
    for (const auto& server : servers) {
        auto answer = get(server, target);
        if (auto* reply = std::get_if<Reply>(&answer)) return understand(server, std::move(*reply), diagnostics);
        const auto& error = std::get<ClientError>(answer);
        if (!error.unreachable) {
            diagnostics << "rstwatch: " << printable(server.text)
                        << " did not answer as rstwatchd does: " << printable(error.message) << '\n';
            return ExitCode::failure;
        }
        tried += (tried.empty() ? "" : ", ") + printable(server.text + " (" + error.message + ")");
    }
    diagnostics
        << "rstwatch: no daemon at " << tried
        << "; start one with `rstwatchd --interface NAME`, or say where it is with --server or RSTWATCH_SERVER\n";
    return ExitCode::no_daemon;
}

}  // namespace rstwatch::cli
