// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/key_decoder.h"

#include <gtest/gtest.h>

namespace rstwatch::cli {
namespace {

using Keys = std::vector<Key>;
using Kind = Key::Kind;

Key text(std::string character) {
    return {Kind::text, std::move(character)};
}

TEST(CliKeyDecoder, CharactersAreKeys) {
    KeyDecoder decoder;
    EXPECT_EQ(decoder.feed("qµ?"), (Keys{text("q"), text("µ"), text("?")}));
    EXPECT_EQ(
        decoder.feed("\r\n\x7F\b\x03\x04"),
        (Keys{
            {Kind::enter}, {Kind::enter}, {Kind::backspace}, {Kind::backspace}, {Kind::interrupt}, {Kind::interrupt}}));
    EXPECT_EQ(decoder.feed({"\x01\0\x80\xFF", 4}), Keys{});
    EXPECT_EQ(decoder.feed("\xC2q"), Keys{text("q")});
    EXPECT_FALSE(decoder.undecided());
}

TEST(CliKeyDecoder, SequencesOfBothModesAreKeys) {
    KeyDecoder decoder;
    EXPECT_EQ(decoder.feed("\x1B[A\x1BOB\x1B[5~\x1B[6~\x1B[H\x1B[4~"),
              (Keys{{Kind::up}, {Kind::down}, {Kind::page_up}, {Kind::page_down}, {Kind::home}, {Kind::end}}));
    EXPECT_EQ(decoder.feed("\x1B[1;5C\x1B[200~x"), Keys{text("x")});
}

TEST(CliKeyDecoder, ASequenceMayComeInPieces) {
    KeyDecoder decoder;
    EXPECT_EQ(decoder.feed("\x1B"), Keys{});
    EXPECT_TRUE(decoder.undecided());
    EXPECT_EQ(decoder.feed("["), Keys{});
    EXPECT_EQ(decoder.feed("B"), Keys{{Kind::down}});
    EXPECT_EQ(decoder.feed("\xC2"), Keys{});
    EXPECT_EQ(decoder.feed("\xB5"), Keys{text("µ")});
}

TEST(CliKeyDecoder, EscapeIsAKeyWhenNothingFollows) {
    KeyDecoder decoder;
    EXPECT_EQ(decoder.feed("\x1B"), Keys{});
    EXPECT_EQ(decoder.settle(), Keys{{Kind::escape}});
    EXPECT_EQ(decoder.settle(), Keys{});
    EXPECT_EQ(decoder.feed("\x1Bx"), (Keys{{Kind::escape}, text("x")}));
    EXPECT_EQ(decoder.feed("\x1B\x1B[A"), (Keys{{Kind::escape}, {Kind::up}}));
}

TEST(CliKeyDecoder, NothingIsKeptForEver) {
    KeyDecoder decoder;
    EXPECT_EQ(decoder.feed("\x1B[" + std::string(1000, '1')), Keys{});
    EXPECT_FALSE(decoder.undecided());
}

}  // namespace
}  // namespace rstwatch::cli
