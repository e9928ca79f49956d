// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

namespace rstwatch::control::http {

/// Counts the open connections, in all and per client address, and says who may come in. One thread only.
class Admission {
  public:
    enum class Verdict {
        admitted,
        address_full,  ///< this client holds all it may: told so, then closed
        server_full,   ///< all are taken: told so, then closed
        turned_away,   ///< and so many are being told already that this one is closed at once
    };

    /// One place, held as long as this object lives. The Admission must outlive it.
    class Ticket {
      public:
        Ticket(Admission& admission, std::string address);
        Ticket(const Ticket&) = delete;
        Ticket& operator=(const Ticket&) = delete;
        ~Ticket();

        Verdict verdict() const { return verdict_; }

      private:
        Admission& admission_;
        std::string address_;
        Verdict verdict_;
    };

    Admission(std::size_t most, std::size_t most_per_address) : most_(most), most_per_address_(most_per_address) {}

    /// Other caps, for who comes from now on.
    void set_caps(std::size_t most, std::size_t most_per_address) {
        most_ = most;
        most_per_address_ = most_per_address;
    }

    /// Connections that are admitted now.
    std::size_t admitted() const { return admitted_; }

  private:
    Verdict enter(const std::string& address);
    void leave(const std::string& address, Verdict verdict);

    std::size_t most_;
    std::size_t most_per_address_;
    std::size_t admitted_ = 0;
    std::size_t refused_ = 0;
    std::unordered_map<std::string, std::size_t> per_address_;  ///< holds no zeros, so at most `most_` entries
};

}  // namespace rstwatch::control::http
