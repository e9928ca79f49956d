// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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

    /// The outcome can no longer change; it has been given by first_verdict() or revise() already. Returns where the
    /// caller is to put the attempt's record; null where there is no room for it, which is counted.
    AttemptRecord* finalize(Outcome outcome, bool had_begun);
    /// The same for a record that has been made anyway.
    void finalize(const AttemptRecord& record, bool had_begun) {
        if (AttemptRecord* place = finalize(record.outcome, had_begun)) *place = record;
    }

    /// How much the core looks up from now on.
    void set_depth(Depth depth);

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
    void book(RowTable& table, const IpAddress& address, std::uint16_t port, RowKind kind, std::uint8_t hops,
              Time time);
    void apply_bookings();

    BankExchange& exchange_;
    WhenFull when_full_;
    IntervalBank* bank_;
    Gauges gauges_;
    std::uint64_t waits_ = 0;
    bool started_ = false;
    Depth depth_ = Depth::full;

    // What is to be booked into rows waits until there are some more: in a flood nearly every booking misses the cache
    // three times, and the misses of several overlap.
    struct Booking {
        RowTable* table;
        RowKey key;
        std::uint64_t hash;
        Time time;
    };
    std::array<Booking, 32> waiting_{};  // in order, handed over with the bank at the latest
    std::size_t waiting_count_ = 0;
    static constexpr std::size_t row_ahead = 6;  ///< bookings until the index says where the row is
};

}  // namespace rstwatch::tally
