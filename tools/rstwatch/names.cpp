// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/names.h"

#include <chrono>
#include <sstream>

#include "tools/rstwatch/name_resolver.h"

namespace rstwatch::cli {

std::string name_or_address(const NameOf& name_of, const std::string& address) {
    if (!name_of) return address;
    auto name = name_of(address);
    return name.empty() ? address : name;
}

void write_with_names(bool resolve, Output& out, const std::function<void(Output& out, const NameOf& name_of)>& write) {
    if (!resolve) return write(out, {});
    constexpr std::chrono::seconds patience{2};
    NameResolver resolver;
    const NameOf name_of = [&resolver](const std::string& address) { return resolver.name_of(address); };
    // Written once for nobody, so that every name that will be shown is asked for.
    std::ostringstream nowhere;
    Output draft(nowhere, false, false);
    write(draft, name_of);
    resolver.settle(patience);
    write(out, name_of);
}

}  // namespace rstwatch::cli
