// SPDX-License-Identifier: Apache-2.0
#include "config/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace rstwatch::config {

// One byte more than is allowed tells a file that is too large from one that just fits.
TextFile read_text_file(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return {{}, errno};
    TextFile result;
    std::array<char, 16384> block{};
    while (result.text.size() <= largest_file) {
        const ssize_t got = read(file, block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) result.error = errno;
        if (got <= 0) break;
        result.text.append(block.data(), static_cast<std::size_t>(got));
    }
    close(file);
    return result;
}

}  // namespace rstwatch::config
