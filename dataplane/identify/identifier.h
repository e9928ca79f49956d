// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/identify/half_matches.h"
#include "dataplane/identify/known_services.h"
#include "dataplane/identify/payload.h"
#include "dataplane/identify/signature_set.h"
#include "dataplane/tally/core_tally.h"

namespace rstwatch::identify {

/// The first payload of one direction of a connection, or that of a RST.
struct Utterance {
    tally::Endpoint server;
    tally::Endpoint client;
    std::uint64_t digest;  ///< of the four-tuple
    tally::Side from;
    bool is_reset;
    Payload payload;
    tally::Time time;
};

/// Tells what services speak, and books it into the core's tally. What it says of a connection depends on nothing but
/// that connection, so that the cores together say the same however connections are spread over them. Owned by one
/// core.
class Identifier {
  public:
    /// `waiting`: connections of which one direction has spoken.
    Identifier(const SignatureSet& set, KnownServices& services, std::size_t waiting, tally::CoreTally& tally)
        : scanner_(set), services_(services), half_matches_(waiting), tally_(tally) {}

    /// To be asked only about services that KnownServices wants to hear of.
    void hear(const Utterance& utterance);

    /// To be called before the bank that is open may be handed over.
    void book_losses();

  private:
    void hear_reset(const Utterance& utterance);
    void remember(const Utterance& utterance, const SignatureBits& matches);
    bool tell(const Utterance& utterance, unsigned signature, tally::HeardFrom from, const HalfMatch* other);

    Scanner scanner_;
    KnownServices& services_;
    HalfMatches half_matches_;
    tally::CoreTally& tally_;
    std::uint64_t services_forgotten_ = 0;  // of these, what has been counted
    std::uint64_t payloads_forgotten_ = 0;
};

}  // namespace rstwatch::identify
