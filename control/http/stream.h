// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace rstwatch::control::http {

/// Content that comes bit by bit for as long as the client wants it. Everything here happens on the HTTP thread; the
/// connection lets go of the stream when the client is gone or does not take what it is sent.
class Stream {
  public:
    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    virtual ~Stream() = default;

    /// The bytes to send next; empty when there are none for now. Not asked for more until these are sent, so whoever
    /// makes them must bound what waits meanwhile. A single answer has to be taken within the write deadline, hence
    /// should be some tens of kilobytes at most.
    virtual std::string take() = 0;

    /// What to send when nothing else was for a while, so that both sides notice a dead connection.
    virtual std::string heartbeat() = 0;

    /// `ready` is to be called whenever take() may have something again. Set once; harmless when called too often.
    virtual void on_ready(std::function<void()> ready) = 0;
};

}  // namespace rstwatch::control::http
