// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identify/signature_set.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/temp_dir.h"
#include "tests/unit/identify_examples.h"

namespace rstwatch::identify {
namespace {

using rstwatch::test::TempDir;
using tally::Side;
using test::payload_of;

constexpr const char* two_signatures =
    "[[signature]]\nname = 'one'\nclient = '^hello [a-z]+'\n"
    "[[signature]]\nname = 'two'\nclient = '^hello'\nserver = '^WELCOME'\nflags = 'i'\nboth = true\n";

std::vector<config::Signature> signatures(const std::string& text) {
    const config::Signatures loaded = config::load_signatures(text, "own.toml");
    EXPECT_TRUE(loaded.errors.empty());
    return loaded.all;
}

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

TEST(SignatureSet, FindsWhatMatchesByDirection) {
    const LoadedSignatures loaded = LoadedSignatures::compile(signatures(two_signatures), "off");
    ASSERT_NE(loaded.set, nullptr);
    Scanner scanner(*loaded.set);
    const SignatureBits both = scanner.scan(Side::client, payload_of("HELLO there, hello there"));
    EXPECT_FALSE(both.test(0));
    EXPECT_TRUE(both.test(1));
    EXPECT_TRUE(scanner.scan(Side::client, payload_of("hello there")).test(0));
    EXPECT_TRUE(scanner.scan(Side::server, payload_of("hello there")).empty());
    EXPECT_TRUE(scanner.scan(Side::client, payload_of("")).empty());
    EXPECT_EQ(loaded.set->names(), (std::vector<std::string>{"one", "two"}));
    EXPECT_TRUE(loaded.set->alone().test(0));
    EXPECT_FALSE(loaded.set->alone().test(1));
}

/// More payloads than a scanner remembers, short and long ones, of both sides: again and again the same.
TEST(SignatureSet, WhatIsHeardAgainMatchesAgain) {
    const LoadedSignatures loaded = LoadedSignatures::compile(signatures(two_signatures), "off");
    ASSERT_NE(loaded.set, nullptr);
    Scanner scanner(*loaded.set);
    for (int round = 0; round < 3; ++round) {
        for (unsigned number = 0; number < 4000; ++number) {
            const bool greets = number % 3 == 0;
            const std::string text =
                (greets ? "hello world " : "welcome ") + std::string(number % 200, '.') + std::to_string(number);
            EXPECT_EQ(scanner.scan(Side::client, payload_of(text)).test(0), greets) << text;
            EXPECT_EQ(scanner.scan(Side::client, payload_of(text)).test(1), greets) << text;
            EXPECT_EQ(scanner.scan(Side::server, payload_of(text)).test(1), !greets) << text;
        }
    }
}

TEST(SignatureSet, OneDirectionAloneWillDo) {
    const auto loaded = LoadedSignatures::compile(signatures("[[signature]]\nname = 'one'\nserver = '^x'\n"), "off");
    ASSERT_NE(loaded.set, nullptr);
    Scanner scanner(*loaded.set);
    EXPECT_TRUE(scanner.scan(Side::client, payload_of("x")).empty());
    EXPECT_TRUE(scanner.scan(Side::server, payload_of("x")).test(0));
}

TEST(SignatureSet, NamesEveryPatternThatHyperscanRefusesWithItsWordsAndPlace) {
    const auto loaded = LoadedSignatures::compile(signatures("[[signature]]\nname = 'one'\nclient = '^HELLO (foo'\n"
                                                             "[[signature]]\nname = 'two'\n  server = 'a(?=b)'\n"
                                                             "[[signature]]\nname = 'three'\nclient = \"x[\"\n"),
                                                  "off");
    EXPECT_EQ(loaded.set, nullptr);
    ASSERT_EQ(loaded.errors.size(), 3u);
    EXPECT_EQ(to_string(loaded.errors[0]),
              "own.toml:3:18: signature \"one\": client: Hyperscan refuses \"^HELLO (foo\": Missing close parenthesis "
              "for group started at index 7.");
    EXPECT_EQ(to_string(loaded.errors[1]),
              "own.toml:6:12: signature \"two\": server: Hyperscan refuses \"a(?=b)\": Zero-width assertions are not "
              "supported.; mend the pattern or leave it out");
    EXPECT_TRUE(to_string(loaded.errors[2]).starts_with("own.toml:9:10: signature \"three\": client: Hyperscan"));
}

class Cache : public testing::Test {
  protected:
    LoadedSignatures load(const std::string& text = two_signatures) {
        return LoadedSignatures::compile(signatures(text), directory);
    }
    static void expect_it_works(const LoadedSignatures& loaded) {
        ASSERT_NE(loaded.set, nullptr);
        Scanner scanner(*loaded.set);
        EXPECT_TRUE(scanner.scan(Side::client, payload_of("hello there")).test(0));
        EXPECT_TRUE(scanner.scan(Side::server, payload_of("welcome")).test(1));
    }

    TempDir temporary;
    std::string directory = temporary / "not/there/yet";
    std::string file = directory + "/signatures.hsdb";
};

TEST_F(Cache, IsUsedAgain) {
    const LoadedSignatures first = load(), second = load();
    EXPECT_FALSE(first.from_cache);
    EXPECT_TRUE(second.from_cache);
    EXPECT_EQ(first.cache_trouble + second.cache_trouble, "");
    expect_it_works(second);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}), 1);  // nothing else is left behind
}

TEST_F(Cache, OfOtherPatternsIsWrittenAnew) {
    (void)load("[[signature]]\nname = 'one'\nclient = '^hello [a-y]+'\n");
    EXPECT_FALSE(load().from_cache);
    EXPECT_TRUE(load().from_cache);
}

TEST_F(Cache, DamagedOrCutIsWrittenAnew) {
    (void)load();
    const std::string good = content(file);
    for (std::size_t at = 0; at < good.size(); at += 97) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x20);
        write(file, bad);
        const LoadedSignatures loaded = load();
        EXPECT_FALSE(loaded.from_cache) << at;
        expect_it_works(loaded);
        EXPECT_EQ(content(file), good);
        if (at > 2000) at += good.size() / 16;
    }
    for (const std::size_t length : {std::size_t{0}, std::size_t{10}, std::size_t{40}, good.size() - 1}) {
        write(file, good.substr(0, length));
        EXPECT_FALSE(load().from_cache) << length;
    }
}

TEST_F(Cache, ThatOthersMayWriteIsNotBelieved) {
    (void)load();
    ASSERT_EQ(chmod(file.c_str(), 0666), 0);
    EXPECT_FALSE(load().from_cache);
    EXPECT_TRUE(load().from_cache);  // a new file, of mode 0600
}

TEST_F(Cache, ThatIsALinkIsNotFollowed) {
    (void)load();
    std::filesystem::rename(file, file + ".elsewhere");
    std::filesystem::create_symlink(file + ".elsewhere", file);
    EXPECT_FALSE(load().from_cache);
    EXPECT_FALSE(std::filesystem::is_symlink(file));
}

TEST_F(Cache, WithoutRoomIsOnlyAWarning) {
    write(temporary / "not", "a file where a directory should be");
    const LoadedSignatures loaded = load();
    expect_it_works(loaded);
    EXPECT_EQ(loaded.cache_trouble, file + ": its directory cannot be made: Not a directory");
}

}  // namespace
}  // namespace rstwatch::identify
