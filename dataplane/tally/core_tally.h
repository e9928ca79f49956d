// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "dataplane/tally/bank_exchange.h"
#include "dataplane/tally/interval_bank.h"

namespace rstwatch::tally {

/// What happens when a core needs a bank and none is back, or a list in its bank is full.
enum class WhenFull : std::uint8_t {
    wait,  ///< replay: nothing is lost, the file can wait
    lose   ///< live: packets cannot; go on in the same bank, drop records, count both
};

/// The one writer of a core's banks: books what the core learns into the interval that is open. Owned by that core.
class CoreTally {
  public:
    CoreTally(BankExchange& exchange, WhenFull when_full);

    Interval interval() const { return bank_->interval; }
    PacketTotals& packets() { return bank_->packets; }
    OutcomeTotals& outcomes() { return bank_->outcomes; }
    Losses& losses() { return bank_->losses; }
    Gauges& gauges() { return gauges_; }
    const Gauges& gauges() const { return gauges_; }

    /// To be called once for each packet, after it was counted in packets().received.
    void note_packet_time(Time time) {
        if (bank_->packets.received == 1) bank_->first_packet = time;
        bank_->last_packet = time;
    }

    void attempt_begun();
    /// A handshake is complete; `contact.kind` is accepted_kind.
    void accepted(const Sighting& contact);

    /// An outcome is known for the first time; it may still change. `sighting.kind` is row_kind() of it.
    void first_verdict(const Sighting& sighting);

    /// An outcome that was given is another one, or none.
    void revise(const Revision& revision);

    /// The outcome can no longer change. `record.outcome` has been given by first_verdict() or revise() already.
    void finalize(const AttemptRecord& record, bool had_begun);

    /// It is known what a service speaks.
    void identified(const Identification& identification);

    /// Closes the open interval and opens `next`. The caller has fired the deadlines in between.
    void open(Interval next);

    /// Hands over what is left; nothing is booked afterwards.
    void finish();

    std::uint64_t waits() const { return waits_; }

  private:
    void take_bank(Interval interval);
    void make_room();
    void note(std::vector<Sighting>& list, const Sighting& sighting, std::uint64_t& dropped);
    void book(RowTable& table, const RowKey& key, Time time);

    BankExchange& exchange_;
    WhenFull when_full_;
    IntervalBank* bank_;
    Gauges gauges_;
    std::uint64_t waits_ = 0;
    bool started_ = false;
};

}  // namespace rstwatch::tally
