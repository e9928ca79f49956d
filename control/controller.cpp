// SPDX-License-Identifier: Apache-2.0
#include "control/controller.h"

#include <time.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "control/diagnose/narrate.h"
#include "control/registry/ranking.h"
#include "control/wall_time.h"

namespace rstwatch::control {
namespace {

/// Live, a core hands a bank over once a second.
constexpr auto look_every = std::chrono::milliseconds(20);
/// A capture that is silent for longer is taken for two: nobody knows whether somebody was listening in between.
constexpr tally::Interval longest_silence = 3600;
/// A replay passes thousands of intervals a second; people do not.
constexpr auto publish_every = std::chrono::milliseconds(250);
constexpr auto beat_every = std::chrono::milliseconds(250);

double thread_cpu_seconds() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

ServiceNames::Setup names_setup(const config::Settings& settings, const Surroundings& surroundings) {
    return {.applications = surroundings.applications,
            .labels = surroundings.labels,
            .system_ports = surroundings.system_ports,
            .capacity = static_cast<std::size_t>(settings.registry.destinations),
            .period = static_cast<tally::Time>(settings.identify.again * static_cast<double>(tally::second))};
}

TableState table_state(const Registry::Table& table, std::uint64_t overflowed, std::uint64_t other) {
    return {table.capacity(), table.size(), overflowed, table.overflowed(), other};
}

}  // namespace

Controller::Controller(const config::Settings& settings, Surroundings surroundings, const Wishes& wishes,
                       std::vector<std::unique_ptr<tally::BankExchange>>& exchanges, SnapshotStore& store)
    : surroundings_(std::move(surroundings)),
      wishes_(wishes),
      store_(store),
      merger_(exchanges, [this](MergedInterval& interval) { take(interval); }),
      registry_(settings.registry),
      service_names_(names_setup(settings, surroundings_)),
      classifier_(settings.registry, surroundings_.replay),
      failures_(settings.registry),
      alerts_(
          settings, !surroundings_.replay, [this](Alert& alert) { narrate(alert, knowledge().sources()); },
          [this](AlertEvent event, const Alert& alert) { tell(event, alert); }),
      keeper_(surroundings_.store, {registry_, failures_, service_names_, alerts_}),
      window_(settings.window),
      history_(settings.history),
      minutes_({.rows = static_cast<std::size_t>(settings.store.rows)}),
      ports_(settings.rx.silence),
      alert_mode_(settings.alerts.mode),
      started_(wall_time()) {
    keeper_.load(static_cast<std::size_t>(settings.registry.destinations));
}

void Controller::run() {
    if (wishes_.serve) publish();
    Clock::time_point next_publication = Clock::now() + publish_every, next_beat = Clock::now();
    while (!merger_.finished()) {
        if (surroundings_.between_intervals) surroundings_.between_intervals();
        const std::uint32_t rings = surroundings_.doorbell == nullptr ? 0 : surroundings_.doorbell->rings();
        if (merge() == 0 && !merger_.finished()) pause(rings);
        if (surroundings_.beat && Clock::now() >= next_beat) {
            surroundings_.beat();
            next_beat = Clock::now() + beat_every;
        }
        if (!changed_ || Clock::now() < next_publication) continue;
        if (wishes_.serve) publish();
        if (surroundings_.progress) surroundings_.progress(totals_.packets.received);
        next_publication = Clock::now() + publish_every;
    }
    if (surroundings_.store != nullptr) surroundings_.store->add(minutes_.take(totals_.last_interval));
    keeper_.save();
    finished_ = true;
    publish();
    connections_.settle(classifier_.scanners(), store_.latest()->span, classifier_.assumptions());
}

std::size_t Controller::merge() {
    const Clock::time_point began = Clock::now();
    const std::size_t banks = merger_.poll();
    if (banks > 0) load_.merge_seconds += std::chrono::duration<double>(Clock::now() - began).count();
    return banks;
}

void Controller::abandon() {
    while (!merger_.drain()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void Controller::tell(AlertEvent event, const Alert& alert) const {
    // That nothing is received is noticed after the last packet.
    if (surroundings_.alerted) surroundings_.alerted(event, alert, std::max(totals_.last_packet, alert.fired));
}

/// Until there may be something to merge. `rings`: of the doorbell, before control looked.
void Controller::pause(std::uint32_t rings) const {
    if (surroundings_.doorbell == nullptr) return std::this_thread::sleep_for(look_every);
    surroundings_.doorbell->wait(rings, look_every);
}

void Controller::take(MergedInterval& interval) {
    changed_ = true;
    judge(interval);
    if (wishes_.keep_connections) connections_.add(interval.records);
    if (!wishes_.serve) return;
    remember(interval);
    window_.add(interval);
}

/// All that others may ask for: they get their turn in between.
void Controller::judge(MergedInterval& interval) {
    const std::lock_guard lock(mutex_);
    const auto pause = [this] { mutex_.let_others_pass(); };
    count_packets(interval);
    totals_.revised += interval.revisions.size();
    classifier_.judge(interval, registry_, totals_.overlay, pause);
    pause();
    if (surroundings_.judged) surroundings_.judged(interval);
    failures_.follow(interval, classifier_.scanners());
    pause();
    service_names_.add(interval);
    alerts_.step(failures_, interval.interval, interval.packets.received);
    add(totals_.outcomes, interval.outcomes);
    add(totals_.losses, interval.losses);
    totals_.late_merges += interval.late_merges;
    totals_.control_depth_seconds += interval.at_control_depth ? 1 : 0;
    ++load_.intervals;
    totals_.last_interval = interval.interval;
    pause();
    if (wishes_.serve) keeper_.follow(interval);
}

void Controller::count_packets(const MergedInterval& interval) {
    if (interval.packets.received > 0) {
        const bool first = totals_.packets.received == 0;
        totals_.first_packet = first ? interval.first_packet : std::min(totals_.first_packet, interval.first_packet);
        totals_.last_packet = std::max(totals_.last_packet, interval.last_packet);
    }
    totals_.packets.add(interval.packets);
}

/// Rates of the past, in memory and on disk.
void Controller::remember(const MergedInterval& interval) {
    const tally::Interval now = interval.interval;
    const bool follows = remembered_ && *remembered_ < now && now - *remembered_ <= longest_silence;
    const tally::Interval from = follows ? *remembered_ + 1 : now;
    remembered_ = now;
    const std::vector<CountChange> changes = changes_.of(interval, classifier_.assumptions());
    history_.add(interval, from, changes);
    Store* store = surroundings_.store;
    if (store == nullptr || !store->is_on()) return;
    minutes_.add(interval, from, changes);
    if (minutes_.due(now)) store->add(minutes_.take(now));
}

TableState Controller::connection_table() const {
    return {surroundings_.connection_capacity, totals_.gauges.connections_used, totals_.losses.connections_overflowed,
            totals_.losses.connections_evicted, 0};
}

TableState Controller::datagram_table() const {
    const std::uint64_t evicted = totals_.losses.datagrams_evicted;
    return {surroundings_.datagram_capacity, totals_.gauges.datagrams_used, evicted, evicted, 0};
}

AlertingState Controller::alerting_state() const {
    AlertingState state;
    state.mode = alert_mode_;
    const std::optional<Baselines>& baselines = alerts_.baselines();
    if (!baselines) return state;
    state.usual = {baselines->capacity(), baselines->size(), baselines->overflowed(), baselines->evicted(), 0};
    state.watched_seconds = baselines->watched() * 60;
    state.history_seconds = baselines->history() * 60;
    return state;
}

std::vector<CoreState> Controller::core_states() {
    std::vector<CoreState> states = surroundings_.core_status();
    busy_.resize(states.size());
    for (std::size_t core = 0; core < states.size(); ++core)
        states[core].busy_share = busy_[core].add(states[core].busy, states[core].elapsed);
    const std::vector<CoreLosses>& losses = merger_.losses();
    for (std::size_t core = 0; core < std::min(states.size(), losses.size()); ++core) {
        states[core].forward_dropped = losses[core].forward_dropped;
        states[core].records_dropped = losses[core].records_dropped;
        states[core].late_merges = losses[core].late_merges;
    }
    return states;
}

void Controller::reload(const config::Settings& settings, const std::vector<config::ServiceLabel>& labels,
                        const std::string& sensor) {
    {
        const std::lock_guard lock(mutex_);
        alerts_.set(settings);
        failures_.set(settings.registry);
        service_names_.set_labels(labels);
        window_.set(settings.window);
        surroundings_.sensor = sensor;
    }
    publish();
}

std::vector<Alert> Controller::lasting_alerts() const {
    const std::lock_guard lock(mutex_);
    std::vector<Alert> lasting = alerts_.alerts();
    std::erase_if(lasting, [](const Alert& alert) { return alert.until.has_value(); });
    return lasting;
}

Knowledge Controller::knowledge() const {
    return {registry_, failures_, classifier_.scanners(), classifier_.baselines(), service_names_};
}

void Controller::inspect(const std::function<void(const Knowledge&)>& look) const {
    const std::lock_guard lock(mutex_);
    look(knowledge());
}

std::optional<Alert> Controller::acknowledge(const std::string& id) {
    const std::lock_guard lock(mutex_);
    std::optional<Alert> alert = alerts_.acknowledge(id);
    const SnapshotPtr latest = store_.latest();
    if (!alert || !latest) return alert;
    auto snapshot = std::make_shared<Snapshot>(*latest);  // who asks next is to see it
    snapshot->alerts = alerts_.alerts();
    store_.publish(std::move(snapshot));
    return alert;
}

void Controller::publish() {
    const std::lock_guard lock(mutex_);
    changed_ = false;
    totals_.gauges = merger_.gauges();
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->sensor = surroundings_.sensor;
    snapshot->version = RSTWATCH_VERSION;
    snapshot->replay = surroundings_.replay;
    snapshot->finished = finished_;
    snapshot->started = started_;
    if (surroundings_.clock_status) snapshot->clock = surroundings_.clock_status();
    snapshot->files = surroundings_.files;
    snapshot->totals = totals_;
    snapshot->span = classifier_.span(registry_);
    snapshot->assumptions = classifier_.assumptions();
    const ClassifierTables tables = classifier_.tables();
    snapshot->connections = connection_table();
    snapshot->datagrams = datagram_table();
    snapshot->destinations =
        table_state(registry_.destinations(), registry_.destinations_overflowed(), registry_.destinations_other());
    snapshot->clients = table_state(registry_.clients(), registry_.clients_overflowed(), registry_.clients_other());
    snapshot->baselines = {tables.baselines_capacity, tables.baselines, tables.baselines_overflowed, 0, 0};
    snapshot->undecided = tables.undecided;
    snapshot->services = service_names_.directory();
    snapshot->identities = {service_names_.capacity(), service_names_.size(), service_names_.evicted(),
                            service_names_.evicted(), 0};
    snapshot->ranking = rank(registry_, classifier_.scanners(), wishes_.ranking_rows);
    snapshot->alerts = alerts_.alerts();
    snapshot->failures = {failures_.services().capacity(), failures_.services().size(),
                          failures_.services().overflowed(), failures_.services().overflowed(), 0};
    snapshot->watches = {alerts_.capacity(), alerts_.watched(), alerts_.overflowed(), 0, 0};
    snapshot->alerting = alerting_state();
    snapshot->window = window_.intervals();
    // A report shows all that was ever seen, the daemon its window.
    snapshot->control_depth = surroundings_.replay ? totals_.control_depth_seconds > 0 : window_.any_at_control_depth();
    snapshot->window_shortened = window_.shortened();
    snapshot->history = history_.views();
    snapshot->ports = surroundings_.port_status();
    if (totals_.last_interval > 0) snapshot->port_activity = ports_.follow(snapshot->ports, snapshot->now());
    snapshot->cores = core_states();
    load_.cpu_seconds = thread_cpu_seconds();
    snapshot->load = load_;
    snapshot->published = Clock::now();
    store_.publish(std::move(snapshot));
}

}  // namespace rstwatch::control
