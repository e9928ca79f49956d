// SPDX-License-Identifier: Apache-2.0
#include "control/http/admission.h"

#include <utility>

namespace rstwatch::control::http {

Admission::Ticket::Ticket(Admission& admission, std::string address)
    : admission_(admission), address_(std::move(address)), verdict_(admission_.enter(address_)) {}

Admission::Ticket::~Ticket() {
    admission_.leave(address_, verdict_);
}

Admission::Verdict Admission::enter(const std::string& address) {
    const auto held = per_address_.find(address);
    const bool address_full = held != per_address_.end() && held->second >= most_per_address_;
    if (!address_full && admitted_ < most_) {
        ++admitted_;
        ++per_address_[address];
        return Verdict::admitted;
    }
    // A refusal holds a descriptor too until it is delivered: as many of them as connections, and no more.
    if (refused_ >= most_) return Verdict::turned_away;
    ++refused_;
    return address_full ? Verdict::address_full : Verdict::server_full;
}

void Admission::leave(const std::string& address, Verdict verdict) {
    if (verdict == Verdict::turned_away) return;
    if (verdict != Verdict::admitted) {
        --refused_;
        return;
    }
    --admitted_;
    const auto held = per_address_.find(address);
    if (--held->second == 0) per_address_.erase(held);
}

}  // namespace rstwatch::control::http
