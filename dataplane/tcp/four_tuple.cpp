// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/four_tuple.h"

#include <sys/random.h>

namespace rstwatch::tcp {

HashSecret HashSecret::random() {
    HashSecret secret;
    std::uint64_t words[4];
    // Never short for up to 256 bytes once the pool is ready, which it is long before a daemon starts (random(7)).
    if (getrandom(words, sizeof words, 0) == sizeof words) {
        for (int i = 0; i < 4; ++i) secret.words[i] = words[i] | 1;
    }
    return secret;
}

}  // namespace rstwatch::tcp
