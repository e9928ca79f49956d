// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/events.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "tools/rstwatch/client.h"
#include "tools/rstwatch/csv.h"
#include "tools/rstwatch/document.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/event_reader.h"
#include "tools/rstwatch/fetch.h"
#include "tools/rstwatch/name_wait.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/row.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {
namespace {

using std::chrono::seconds;

constexpr seconds first_pause{1};
constexpr seconds longest_pause{30};

const std::vector<std::string>& member_names() {
    static const std::vector<std::string> names{"time", "client", "server", "outcome", "service"};
    return names;
}

std::string target_of(const EventsOptions& options) {
    std::string target = "/api/v1/events?event=failure";
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) target += std::string("&") + name + "=" + percent_encoded(value);
    };
    add("outcome", options.outcome);
    add("server", options.destination);
    add("client", options.client);
    return target;
}

/// `text` with blanks behind it up to `width`. The width is fixed, because nobody knows what comes next.
std::string column(const std::string& text, std::size_t width) {
    const auto shown = printable(text);
    return shown + std::string(width - std::min(width, display_width(shown)), ' ');
}

std::string table_line(const std::string& time, const std::string& client, const std::string& server,
                       const std::string& outcome, const std::string& service) {
    auto line = column(time, 19) + "  " + column(client, 21) + "  " + column(server, 21) + "  " + column(outcome, 27) +
                "  " + printable(service);
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string endpoint_in(const Document& failure, const char* member, const NameOf& name_of) {
    const auto text = text_at(failure, member);
    const auto endpoint = parse_endpoint(text);
    return endpoint ? endpoint_text(name_or_address(name_of, endpoint->address), endpoint->port) : text;
}

/// The lines of failures, and the remarks about those that are missing. With names another thread writes them.
class Listing {
  public:
    Listing(Format format, bool resolve, Output& out, std::ostream& diagnostics)
        : format_(format), out_(out), diagnostics_(diagnostics) {
        if (resolve && format == Format::table) names_.emplace();
    }

    void begin() {
        const std::lock_guard lock(mutex_);
        if (format_ == Format::csv) out_.line(csv_line(member_names()));
        if (format_ == Format::table)
            out_.line(out_.heading(table_line("TIME", "CLIENT", "SERVER", "OUTCOME", "SERVICE")));
    }

    void take(const std::string& event, const std::string& data) {
        const auto document = parse_document(data);
        if (!document) return;
        if (event == "failure") names_ ? write_later(*document) : write(*document, {});
        if (event == "dropped")
            diagnostics_ << "rstwatch: " << count_text(integer_at(*document, "count"))
                         << " events were lost, because this end or the daemon could not keep up\n";
    }

    /// False when nobody reads any more.
    bool sound() {
        const std::lock_guard lock(mutex_);
        return out_.finish();
    }

  private:
    void write_later(const Document& failure) {
        NameWait::Line line;
        for (const char* member : {"client", "server"})
            if (const auto endpoint = parse_endpoint(text_at(failure, member)))
                line.addresses.push_back(endpoint->address);
        line.write = [this, failure](const NameOf& name_of) { write(failure, name_of); };
        names_->add(std::move(line));
    }

    void write(const Document& failure, const NameOf& name_of) {
        const std::lock_guard lock(mutex_);
        if (format_ == Format::csv) {
            out_.line(csv_line(fields_at(failure, member_names())));
        } else if (format_ == Format::table) {
            out_.line(table_line(local_time(number_at(failure, "time")), endpoint_in(failure, "client", name_of),
                                 endpoint_in(failure, "server", name_of), text_at(failure, "outcome"),
                                 text_at(failure, "service")));
        } else {
            out_.line(json_line(failure));
        }
    }

    Format format_;
    Output& out_;
    std::ostream& diagnostics_;
    std::mutex mutex_;               // guards out_
    std::optional<NameWait> names_;  // the last member: its thread uses the others
};

/// The first of `servers` that can be reached, for good: events of two daemons are not to be mixed.
class Connection {
  public:
    Connection(const std::vector<ServerAddress>& servers, std::string target)
        : servers_(servers), target_(std::move(target)) {}

    /// Listens until the connection ends.
    StreamEnd listen(const StreamTake& take, const StreamBegin& begin) {
        StreamEnd end;
        for (const auto& server : servers_) {
            end = stream(server, target_, begin, take);
            tried_ += (tried_.empty() ? "" : ", ") + printable(server.text + " (" + end.message + ")");
            if (end.kind == StreamEnd::Kind::unreachable) continue;
            servers_ = {server};
            break;
        }
        return end;
    }

    const std::string& name() const { return servers_.front().text; }
    std::string tried() { return std::exchange(tried_, {}); }

  private:
    std::vector<ServerAddress> servers_;
    std::string target_;
    std::string tried_;
};

}  // namespace

ExitCode events(const EventsOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
                std::ostream& diagnostics) {
    using Kind = StreamEnd::Kind;
    Listing listing(format, options.resolve, out, diagnostics);
    Connection connection(servers, target_of(options));
    bool begun = false;
    auto pause = first_pause;
    for (;;) {
        EventReader reader([&](const std::string& event, const std::string& data) { listing.take(event, data); });
        const auto begin = [&] {
            if (begun) diagnostics << "rstwatch: connected again to " << printable(connection.name()) << '\n';
            if (!begun) listing.begin();
            begun = true;
            pause = first_pause;
            return listing.sound();
        };
        const auto take = [&](std::string_view bytes) { return reader.read(bytes) && listing.sound(); };
        const auto end = connection.listen(take, begin);
        if (!listing.sound()) return ExitCode::failure;
        const std::string tried = connection.tried();
        // 503: all streams are taken, or it is starting; that passes.
        if (end.kind == Kind::refused && (!begun || end.reply.status != 503))
            return tell(refusal_of(end.reply), diagnostics);
        if (!begun && end.kind == Kind::unreachable) return tell(no_daemon_at(tried), diagnostics);
        diagnostics << "rstwatch: " << printable(connection.name()) << ": " << printable(end.message)
                    << "; trying again in " << pause.count() << " s\n";
        std::this_thread::sleep_for(pause);
        pause = std::min(2 * pause, longest_pause);
    }
}

}  // namespace rstwatch::cli
