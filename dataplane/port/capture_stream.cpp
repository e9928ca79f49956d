// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/capture_stream.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

namespace rstwatch::port {
namespace {

constexpr std::size_t chunk = 256 * 1024;
constexpr int pipe_size = 1024 * 1024;

/// False when the reader has gone.
bool write_all(int descriptor, const std::uint8_t* data, std::size_t length) {
    while (length > 0) {
        const ssize_t written = write(descriptor, data, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        data += written;
        length -= static_cast<std::size_t>(written);
    }
    return true;
}

}  // namespace

Failure CaptureStream::start(CaptureFile& file, std::unique_ptr<CaptureStream>& stream) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return Failure(file.path + ": no pipe for it: " + std::strerror(errno) + "; raise the limit of open files");
    (void)fcntl(ends[1], F_SETPIPE_SZ, pipe_size);  // fewer switches between the threads; the default does too
    stream.reset(new CaptureStream(file, ends[0], ends[1]));
    return Failure();
}

CaptureStream::CaptureStream(CaptureFile& file, int read_end, int write_end)
    : source_(std::exchange(file, CaptureFile{})),
      read_end_(read_end),
      write_end_(write_end),
      feeder_([this] { feed(); }) {}

CaptureStream::~CaptureStream() {
    if (read_end_ >= 0) close(read_end_);  // ends a feeder that is still writing
    if (feeder_.joinable()) feeder_.join();
    if (source_.descriptor >= 0) close(source_.descriptor);
}

void CaptureStream::feed() {
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);  // a reader that has gone shows as EPIPE

    auto* stream = static_cast<gzFile>(source_.decompressor);
    std::vector<std::uint8_t> buffer(chunk);
    bool reader_alive = write_all(write_end_, source_.prefix.data(), source_.prefix.size());
    while (reader_alive) {
        const int length = gzread(stream, buffer.data(), static_cast<unsigned>(buffer.size()));
        if (length > 0) reader_alive = write_all(write_end_, buffer.data(), static_cast<std::size_t>(length));
        if (length == static_cast<int>(buffer.size())) continue;
        int code = Z_OK;
        const char* words = gzerror(stream, &code);
        // zlib reports a file that ends within its compressed data as Z_BUF_ERROR.
        if (code == Z_BUF_ERROR) {
            error_ = "compressed data ends early (at byte " + std::to_string(gzoffset(stream)) + ")";
        } else if (code != Z_OK && code != Z_STREAM_END) {
            error_ = std::string(code == Z_ERRNO ? std::strerror(errno) : words) + " (at byte " +
                     std::to_string(gzoffset(stream)) + ")";
        }
        if (length <= 0 || code != Z_OK || gzeof(stream)) break;
    }
    gzclose_r(stream);
    close(write_end_);
}

std::string CaptureStream::error() {
    if (read_end_ >= 0) {
        close(read_end_);
        read_end_ = -1;
    }
    if (feeder_.joinable()) feeder_.join();
    return error_;
}

}  // namespace rstwatch::port
