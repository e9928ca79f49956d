// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/identify/payload.h"
#include "dataplane/tally/identification.h"

namespace rstwatch::identify {

/// "SNI collector.example, ALPN h2,http/1.1": the server name and the protocols that a ClientHello asks for (RFC 8446
/// section 4.1.2, RFC 6066 section 3, RFC 7301 section 3.1), whichever are there. Nothing if this is no ClientHello or
/// lies about a length; what the capture cut off, or comes in later segments, is not there.
tally::DetailText describe_client_hello(Payload payload);

}  // namespace rstwatch::identify
