// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/signatures.h"
#include "dataplane/identify/payload.h"
#include "dataplane/tally/identification.h"

namespace rstwatch::identify {

/// The first line without its end: what servers introduce themselves with. Bytes are kept as they are.
tally::DetailText first_line(Payload payload);

/// "Host collector.example" of an HTTP/1 request (RFC 9112 section 3.2); nothing if it has none.
tally::DetailText http_host(Payload payload);

/// The version in the initial packet of a MySQL or MariaDB server, which ends with a zero byte.
tally::DetailText mysql_version(Payload payload);

/// Words of a RST: nothing if the data are not text.
tally::DetailText reset_text(Payload payload);

/// Whose payload has the words of this kind.
constexpr tally::HeardFrom speaker_of(config::DetailKind kind) {
    const bool client = kind == config::DetailKind::tls || kind == config::DetailKind::http;
    return client ? tally::HeardFrom::client : tally::HeardFrom::server;
}

/// What a signature of this kind wants to be kept of its speaker's payload.
tally::DetailText detail_of(config::DetailKind kind, Payload payload);

}  // namespace rstwatch::identify
