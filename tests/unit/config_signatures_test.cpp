// SPDX-License-Identifier: Apache-2.0
#include "config/signatures.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace rstwatch::config {
namespace {

std::string signature_errors(const std::string& text) {
    std::string all;
    for (const Diagnostic& error : load_signatures(text, "own.toml").errors) all += to_string(error) + "\n";
    return all;
}

TEST(Signatures, AreReadInTheirOrder) {
    const Signatures read = load_signatures(
        "[[signature]]\nname = 'b'\nclient = '^\\x00'\nserver = \"S\"\nflags = 'im'\nboth = true\ndetail = 'line'\n"
        "[[signature]]\nname = 'a'\nserver = '^A'\n",
        "own.toml");
    EXPECT_TRUE(read.errors.empty());
    ASSERT_EQ(read.all.size(), 2u);
    const Signature& first = read.all[0];
    EXPECT_EQ(first.name, "b");
    EXPECT_EQ(first.client.expression, "^\\x00");
    EXPECT_EQ(first.client.place_of(1), (Place{3, 12}));
    EXPECT_EQ(first.server.place_of(1), (Place{4, 10}));  // in double quotes a character may be several
    EXPECT_TRUE(first.caseless && first.multiline && first.both);
    EXPECT_EQ(first.detail, DetailKind::line);
    EXPECT_EQ(read.all[1].name, "a");
    EXPECT_FALSE(read.all[1].both);
}

TEST(Signatures, FaultsAreNamedWithTheirPlaces) {
    EXPECT_EQ(signature_errors("[[signature]]\nname = 'a'\n"),
              "own.toml:1:1: signature \"a\": has no pattern; give client, server or both of them\n");
    EXPECT_EQ(signature_errors("[[signature]]\nname = 'a'\nclient = 'x'\nboth = true\n"),
              "own.toml:1:1: signature \"a\": wants both directions, but has a pattern for one; give the other\n");
    EXPECT_EQ(signature_errors("[[signature]]\nname = 'a'\nclient = ''\nserver = 'x'\n"),
              "own.toml:3:10: client: is empty; leave it out\n");
    EXPECT_EQ(signature_errors("[[signature]]\nname = 'a'\nclient = 7\nserver = 'x'\n"),
              "own.toml:3:10: client: 7 is no text; give a text in quotes\n");
    EXPECT_EQ(signature_errors("[[signature]]\nname = 'a'\nclient = 'x'\nflags = 'x'\n"),
              "own.toml:4:9: flags: \"x\" has others than i (letters of either case) and m (^ and $ match at line "
              "breaks)\n");
    EXPECT_EQ(signature_errors("[[signature]]\nname = 'a'\nclient = 'x'\ndetail = 'host'\n"),
              "own.toml:4:10: detail: \"host\" is not among the choices; give line, tls, http or mysql\n");
    EXPECT_EQ(signature_errors("[[signature]]\nname = 'a'\nclint = 'x'\nserver = 'x'\n"),
              "own.toml:3:1: clint: a signature has no such key; did you mean client?\n");
    EXPECT_EQ(signature_errors("[signature]\nname = 'a'\n"),
              "own.toml:1:2: signature: is not [[signature]]; write [[signature]] on a line of its own and name, "
              "client or server below it\n");
    EXPECT_NE(signature_errors("[[signature]]\nname = 'a b'\nclient = 'x'\n").find("printable ASCII"),
              std::string::npos);
    EXPECT_NE(signature_errors("[[signature]]\nname = 'a\n").find("own.toml:2"), std::string::npos);
}

TEST(Signatures, AreBounded) {
    std::string text;
    for (std::size_t i = 0; i <= most_signatures; ++i) text += "[[signature]]\nname = 'a'\nclient = 'x'\n";
    const Signatures read = load_signatures(text, "own.toml");
    EXPECT_EQ(read.all.size(), most_signatures);
    ASSERT_EQ(read.errors.size(), 1u);
    EXPECT_EQ(to_string(read.errors[0]), "own.toml:769:1: signature \"a\": is one too many; at most 256 are possible");
}

TEST(Signatures, FileThatIsNotThereIsNamedWithItsSetting) {
    Settings::Identify settings;
    settings.patterns = "/nowhere/own.toml";
    const Signatures read = load_signatures(settings);
    ASSERT_EQ(read.errors.size(), 1u);
    EXPECT_EQ(to_string(read.errors[0]),
              "/nowhere/own.toml: cannot be read: No such file or directory; create it, mend its permissions or name "
              "another with identify.patterns");
}

TEST(Signatures, BuiltInOnesAreTheFile) {
    std::ostringstream file;
    file << std::ifstream(RSTWATCH_SOURCE_DIR "/config/signatures.toml").rdbuf();
    EXPECT_EQ(builtin_signatures(), file.str());
    EXPECT_TRUE(load_signatures(Settings::Identify{}).errors.empty());
}

}  // namespace
}  // namespace rstwatch::config
