// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identify/identifier.h"

#include "dataplane/identify/words.h"

namespace rstwatch::identify {

using tally::HeardFrom;
using tally::Side;

/// What both directions match is certain; else what the server says weighs more than what a client asks for.
void Identifier::hear(const Utterance& utterance) {
    if (utterance.is_reset) return hear_reset(utterance);
    const SignatureBits matches = scanner_.scan(utterance.from, utterance.payload);
    HalfMatch* other = half_matches_.find(utterance.digest, utterance.from, utterance.time);
    bool told = false;
    if (!matches.empty()) {
        const unsigned by_both = other == nullptr ? SignatureBits::none : (matches & other->matches).first();
        const unsigned by_one = (matches & scanner_.set().alone()).first();
        if (by_both != SignatureBits::none) {
            told = tell(utterance, by_both, HeardFrom::server, other);
        } else if (by_one != SignatureBits::none) {
            told =
                tell(utterance, by_one, utterance.from == Side::server ? HeardFrom::server : HeardFrom::client, other);
        }
    }
    if (!told) services_.note_try(utterance.server, utterance.time);
    if (other != nullptr) return HalfMatches::release(*other);
    if (!matches.empty()) remember(utterance, matches);
}

/// Text is what RFC 9293 section 3.5.2 suggests there; it says why, not what.
void Identifier::hear_reset(const Utterance& utterance) {
    tally::Identification found;
    found.detail = reset_text(utterance.payload);
    if (found.detail.length == 0 || !services_.learn(utterance.server, HeardFrom::reset, utterance.time)) return;
    found.server = utterance.server;
    found.client = utterance.client;
    found.time = utterance.time;
    tally_.identified(found);
}

void Identifier::remember(const Utterance& utterance, const SignatureBits& matches) {
    const SignatureSet& set = scanner_.set();
    HalfMatch& half = half_matches_.room_for(utterance.digest, utterance.time);
    half.matches = matches;
    half.from = utterance.from;
    half.kind = set[matches.first()].detail;
    const Side speaker = speaker_of(half.kind) == HeardFrom::client ? Side::client : Side::server;
    if (speaker == utterance.from) half.detail = detail_of(half.kind, utterance.payload);
}

/// True if it is more than this core knew of the service.
bool Identifier::tell(const Utterance& utterance, unsigned signature, HeardFrom from, const HalfMatch* other) {
    if (!services_.learn(utterance.server, from, utterance.time)) return false;
    const config::DetailKind kind = scanner_.set()[signature].detail;
    const Side speaker = speaker_of(kind) == HeardFrom::client ? Side::client : Side::server;
    tally::Identification found;
    found.server = utterance.server;
    found.client = utterance.client;
    found.application = static_cast<tally::Application>(signature);
    found.from = from;
    found.time = utterance.time;
    if (speaker == utterance.from) {
        found.detail = detail_of(kind, utterance.payload);
    } else if (other != nullptr && other->kind == kind) {
        found.detail = other->detail;
    }
    tally_.identified(found);
    return true;
}

void Identifier::book_losses() {
    tally::Losses& losses = tally_.losses();
    losses.services_forgotten += services_.forgotten() - services_forgotten_;
    losses.payloads_forgotten += half_matches_.forgotten() - payloads_forgotten_;
    services_forgotten_ = services_.forgotten();
    payloads_forgotten_ = half_matches_.forgotten();
}

}  // namespace rstwatch::identify
