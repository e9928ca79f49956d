// SPDX-License-Identifier: Apache-2.0
#include "tests/support/process.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "tests/support/temp_dir.h"

namespace rstwatch::test {
namespace {

using namespace std::chrono_literals;

ProcessResult shell(const std::string& script, const ProcessOptions& options = {}) {
    return run_process({"sh", "-c", script}, options);
}

TEST(Process, CollectsBothOutputsAndTheExitCode) {
    const ProcessResult result = shell("echo out; echo err >&2; exit 3");
    EXPECT_EQ(result.out, "out\n");
    EXPECT_EQ(result.err, "err\n");
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.signal, 0);
    EXPECT_FALSE(result.timed_out);
}

TEST(Process, FeedsMoreThanAPipeHolds) {
    ProcessOptions options;
    options.input.assign(3'000'000, 'x');
    EXPECT_EQ(run_process({"cat"}, options).out, options.input);
    EXPECT_EQ(run_process({"true"}, options).exit_code, 0);  // which reads nothing of it
}

TEST(Process, EnvironmentAndDirectory) {
    const TempDir directory;
    ProcessOptions options;
    options.environment = {"RSTWATCH_TEST=yes", "HOME"};
    options.directory = directory.path().string();
    EXPECT_EQ(shell("echo $RSTWATCH_TEST ${HOME-none}; pwd -P", options).out,
              "yes none\n" + std::filesystem::canonical(directory.path()).string() + "\n");
}

TEST(Process, TellsASignalFromAnExit) {
    const ProcessResult result = shell("kill -9 $$");
    EXPECT_EQ(result.signal, SIGKILL);
    EXPECT_EQ(result.exit_code, -1);
}

TEST(Process, DeadlineKillsTheChildrenToo) {
    ProcessOptions options;
    options.deadline = 200ms;
    const auto started = std::chrono::steady_clock::now();
    const ProcessResult result = shell("sleep 30 & echo started; sleep 30; echo never", options);
    EXPECT_TRUE(result.timed_out);
    EXPECT_EQ(result.out, "started\n");
    EXPECT_LT(std::chrono::steady_clock::now() - started, 30s);
}

TEST(Process, SaysWhatCannotBeRun) {
    EXPECT_THROW(run_process({"no-such-command-anywhere"}), std::runtime_error);
    EXPECT_THROW(run_process({}), std::invalid_argument);
}

TEST(BackgroundProcess, WaitsForALineAndEndsOnSigterm) {
    BackgroundProcess daemon(
        {"sh", "-c", "trap 'echo bye; exit 0' TERM; echo ready >&2; while :; do sleep 0.02; done"});
    ASSERT_TRUE(daemon.wait_for_err("ready"));
    EXPECT_TRUE(daemon.running());
    const ProcessResult result = daemon.terminate();
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out, "bye\n");
    EXPECT_FALSE(daemon.running());
}

TEST(BackgroundProcess, DoesNotWaitForALineThatCannotCome) {
    BackgroundProcess daemon({"sh", "-c", "echo failed >&2; exit 4"});
    EXPECT_FALSE(daemon.wait_for_err("ready", 30s));
    EXPECT_EQ(daemon.wait().exit_code, 4);
    EXPECT_EQ(daemon.err(), "failed\n");
}

TEST(BackgroundProcess, KillsWhatDoesNotEnd) {
    BackgroundProcess daemon({"sh", "-c", "trap '' TERM; echo ready >&2; while :; do sleep 0.02; done"});
    ASSERT_TRUE(daemon.wait_for_err("ready"));
    const ProcessResult result = daemon.terminate(200ms);
    EXPECT_TRUE(result.timed_out);
    EXPECT_EQ(result.signal, SIGKILL);
}

TEST(BackgroundProcess, NeverOutlivesItsOwner) {
    pid_t pid = 0;
    {
        const BackgroundProcess daemon({"sleep", "60"});
        pid = daemon.pid();
        EXPECT_EQ(kill(pid, 0), 0);
    }
    EXPECT_EQ(kill(pid, 0), -1);
}

}  // namespace
}  // namespace rstwatch::test
