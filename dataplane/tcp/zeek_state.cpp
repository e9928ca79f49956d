// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/state_machine.h"

namespace rstwatch::tcp {
namespace {

using tally::ZeekState;

ZeekState of_beginning_unseen(const Connection& connection) {
    // Behind a SYN-ACK the beginning is unseen only where the client goes on: a server that does is taken to have one.
    const bool client_joined = connection.has(seen::synack) && connection.phase == Phase::midstream;
    if (connection.has(seen::both_fins)) return ZeekState::SF;
    if (connection.has(seen::server_rst)) return connection.has(seen::client_fin) ? ZeekState::RSTR : ZeekState::RSTRH;
    if (connection.has(seen::client_rst)) return ZeekState::OTH;
    if (connection.has(seen::client_fin)) return client_joined ? ZeekState::S2 : ZeekState::SH;
    if (connection.has(seen::server_fin)) return client_joined ? ZeekState::S3 : ZeekState::SHR;
    return client_joined ? ZeekState::S1 : ZeekState::OTH;
}

ZeekState of_unanswered(const Connection& connection) {
    if (connection.has(seen::server_rst)) return ZeekState::REJ;
    if (connection.has(seen::client_rst)) return ZeekState::RSTOS0;
    if (connection.has(seen::client_fin)) return ZeekState::SH;
    return ZeekState::S0;
}

}  // namespace

tally::ZeekState zeek_state(const Connection& connection) {
    if (!is_attempt(connection) || connection.syn_count == 0) return of_beginning_unseen(connection);
    const bool server_took_part =
        connection.has_any(seen::synack | seen::bad_synack) || connection.has(seen::server_packet | seen::final_ack);
    if (!server_took_part || connection.outcome() == Outcome::refused) return of_unanswered(connection);
    if (connection.has(seen::both_fins)) return ZeekState::SF;
    if (connection.has(seen::client_rst)) return ZeekState::RSTO;
    if (connection.has(seen::server_rst)) return ZeekState::RSTR;
    if (connection.has(seen::client_fin)) return ZeekState::S2;
    if (connection.has(seen::server_fin)) return ZeekState::S3;
    return connection.has_any(seen::synack | seen::final_ack) ? ZeekState::S1 : ZeekState::S0;
}

}  // namespace rstwatch::tcp
