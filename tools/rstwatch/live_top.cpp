// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/live_top.h"

#include <chrono>
#include <string>

#include "tools/rstwatch/live_feed.h"
#include "tools/rstwatch/live_view.h"
#include "tools/rstwatch/name_resolver.h"
#include "tools/rstwatch/screen.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {

ExitCode show_live_top(const TopOptions& options, const std::vector<ServerAddress>& servers, const Output& out) {
    constexpr std::chrono::seconds clock_tick{1};
    Screen screen;
    NameResolver resolver([&screen] { screen.wake(); });
    NameOf name_of;
    if (options.resolve) name_of = [&resolver](const std::string& address) { return resolver.name_of(address); };
    LiveView view(options, out.colour(), name_of);
    LiveFeed feed(servers, view.question(), [&screen] { screen.wake(); });
    while (!view.quit()) {
        if (!screen.show(view.draw(feed.latest(), screen.size(), wall_clock()))) return ExitCode::failure;
        const auto event = screen.wait(clock_tick);
        if (event.end) break;
        for (const auto& key : event.keys) view.press(key);
        feed.ask(view.question());
    }
    return ExitCode::ok;
}

}  // namespace rstwatch::cli
