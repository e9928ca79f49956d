// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/state_machine.h"

namespace rstwatch::tcp {
namespace {

using tally::ZeekState;

ZeekState of_beginning_unseen(const Connection& connection) {
    if (!connection.has(seen::synack)) return ZeekState::OTH;
    if (connection.has(seen::server_rst)) return ZeekState::RSTRH;
    if (connection.has(seen::server_fin)) return ZeekState::SHR;
    return ZeekState::OTH;
}

ZeekState of_unanswered(const Connection& connection) {
    if (connection.has(seen::server_rst)) return ZeekState::REJ;
    if (connection.has(seen::client_rst)) return ZeekState::RSTOS0;
    if (connection.has(seen::client_fin)) return ZeekState::SH;
    return ZeekState::S0;
}

}  // namespace

tally::ZeekState zeek_state(const Connection& connection) {
    if (!is_attempt(connection)) return of_beginning_unseen(connection);
    if (!connection.has_any(seen::synack | seen::server_packet) || connection.outcome() == Outcome::refused)
        return of_unanswered(connection);
    if (connection.has(seen::both_fins)) return ZeekState::SF;
    if (connection.has(seen::client_rst)) return ZeekState::RSTO;
    if (connection.has(seen::server_rst)) return ZeekState::RSTR;
    if (connection.has(seen::client_fin)) return ZeekState::S2;
    if (connection.has(seen::server_fin)) return ZeekState::S3;
    return connection.has_any(seen::synack | seen::final_ack) ? ZeekState::S1 : ZeekState::S0;
}

}  // namespace rstwatch::tcp
