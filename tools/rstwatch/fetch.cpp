// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/fetch.h"

#include <optional>

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

}  // namespace

FetchFailure refusal_of(const Reply& reply) {
    return {reply.status == 400 ? ExitCode::usage : ExitCode::failure, reply.status, detail_of(reply)};
}

FetchFailure no_daemon_at(const std::string& tried) {
    return {ExitCode::no_daemon, 0,
            "no daemon at " + tried +
                "; start one with `rstwatchd --interface NAME`, or say where it is with --server or RSTWATCH_SERVER"};
}

ExitCode tell(const FetchFailure& failure, std::ostream& diagnostics) {
    diagnostics << "rstwatch: " << failure.message << '\n';
    return failure.code;
}

namespace {

std::variant<Fetched, FetchFailure> understand(const ServerAddress& server, Reply reply) {
    if (reply.status != 200) return refusal_of(reply);
    auto document = parse_document(reply.body);
    if (!document || !document->is_object())
        return FetchFailure{
            ExitCode::failure, reply.status,
            printable(server.text) + " did not answer with a document of rstwatchd; is it another server?"};
    return Fetched{std::move(reply.body), std::move(*document)};
}

}  // namespace

std::variant<Fetched, FetchFailure> try_fetch(const std::vector<ServerAddress>& servers, const Query& query,
                                              const std::stop_token& stop) {
    std::string tried;
    for (const auto& server : servers) {
        auto answer = ask(server, query.method, query.target, stop);
        if (auto* reply = std::get_if<Reply>(&answer)) return understand(server, std::move(*reply));
        const auto& error = std::get<ClientError>(answer);
        if (!error.unreachable)
            return FetchFailure{
                ExitCode::failure, 0,
                printable(server.text) + " did not answer as rstwatchd does: " + printable(error.message)};
        tried += (tried.empty() ? "" : ", ") + printable(server.text + " (" + error.message + ")");
    }
    return no_daemon_at(tried);
}

std::variant<Fetched, ExitCode> fetch(const std::vector<ServerAddress>& servers, const std::string& target,
                                      std::ostream& diagnostics) {
    auto answer = try_fetch(servers, {.target = target});
    if (auto* fetched = std::get_if<Fetched>(&answer)) return std::move(*fetched);
    return tell(std::get<FetchFailure>(answer), diagnostics);
}

}  // namespace rstwatch::cli
