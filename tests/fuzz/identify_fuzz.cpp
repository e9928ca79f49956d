// SPDX-License-Identifier: Apache-2.0
// Whatever a first payload is, its words lie within it, and nothing behind its end is read. Also the same payload cut,
// as captures do: a field that is only there in part must not come out as another one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/identify/tls.h"
#include "dataplane/identify/words.h"
#include "tests/fuzz/require.h"

namespace identify = rstwatch::identify;
using rstwatch::tally::DetailText;

namespace {

using Reader = DetailText (*)(identify::Payload);

/// In memory of exactly this size.
std::string read(Reader reader, const std::uint8_t* data, std::size_t size) {
    const std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[size]);
    std::copy(data, data + size, copy.get());
    const DetailText detail = reader({copy.get(), size});
    require(detail.length <= DetailText::capacity);
    return std::string(detail.view());
}

void require_within(std::string_view words, std::string_view before, std::string_view payload) {
    if (words.empty()) return;
    require(words.starts_with(before));
    words.remove_prefix(before.size());
    require(payload.find(words) != std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view payload(reinterpret_cast<const char*>(data), size);
    require_within(read(identify::first_line, data, size), "", payload);
    require_within(read(identify::mysql_version, data, size), "", payload);
    require_within(read(identify::reset_text, data, size), "", payload);
    require_within(read(identify::http_host, data, size), "Host ", payload);
    const std::string whole = read(identify::describe_client_hello, data, size);
    const std::string cut = read(identify::describe_client_hello, data, size / 2);
    if (!cut.empty()) require(!whole.empty());
    return 0;
}
