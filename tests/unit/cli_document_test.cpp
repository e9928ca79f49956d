// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/document.h"

#include <gtest/gtest.h>

#include "tools/rstwatch/emptiness.h"
#include "tools/rstwatch/outcome_text.h"
#include "tools/rstwatch/row.h"

namespace rstwatch::cli {
namespace {

Document document(const char* text) {
    return Document::parse(text);
}

TEST(CliDocument, AMemberOfAnotherTypeCountsAsMissing) {
    const auto object = document(R"({"text":"a","count":7,"rate":1.5,"nothing":null,"flag":true,"list":[1],
                                     "huge":18446744073709551615})");
    EXPECT_EQ(text_at(object, "text"), "a");
    EXPECT_EQ(text_at(object, "count"), "");
    EXPECT_EQ(integer_at(object, "count"), 7);
    EXPECT_EQ(integer_at(object, "rate"), std::nullopt);
    EXPECT_EQ(integer_at(object, "nothing"), std::nullopt);
    EXPECT_EQ(integer_at(object, "huge"), std::nullopt);
    EXPECT_EQ(number_at(object, "rate"), 1.5);
    EXPECT_EQ(number_at(object, "count"), 7.0);
    EXPECT_EQ(number_at(object, "text"), std::nullopt);
    EXPECT_TRUE(is_true_at(object, "flag"));
    EXPECT_FALSE(is_true_at(object, "count"));
    EXPECT_EQ(member_at(object, "list").size(), 1U);
    EXPECT_TRUE(member_at(object, "text").empty());
    EXPECT_EQ(text_at(document("[1]"), "text"), "");
}

TEST(CliDocument, BadBytesInANameDoNotCostTheDocument) {
    const auto parsed = parse_document("{\"service\":\"a\xFF\"}");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(text_at(*parsed, "service"), "a\\xff");
    EXPECT_FALSE(parse_document("<html>"));
    EXPECT_FALSE(parse_document(""));
}

TEST(CliDocument, LinesAreAsciiAndKeepTheOrderOfMembers) {
    EXPECT_EQ(json_line(document("{\"z\":1795172090.123456,\"a\":\"\xC2\x9B\xE2\x82\xAC\"}")),
              "{\"z\":1795172090.123456,\"a\":\"\\u009b\\u20ac\"}");
}

TEST(CliDocument, FieldsOfCsvAreBare) {
    const auto row = document(R"({"address":"::1","port":443,"first":1.25,"service":null})");
    EXPECT_EQ(field_at(row, "address"), "::1");
    EXPECT_EQ(field_at(row, "port"), "443");
    EXPECT_EQ(field_at(row, "first"), "1.25");
    EXPECT_EQ(field_at(row, "service"), "");
    EXPECT_EQ(field_at(row, "missing"), "");
}

TEST(CliRow, EndpointsOfIpv6HaveBrackets) {
    EXPECT_EQ(endpoint_text("10.0.0.1", 443), "10.0.0.1:443");
    EXPECT_EQ(endpoint_text("2001:db8::1", 443), "[2001:db8::1]:443");
    EXPECT_EQ(endpoint_text("2001:db8::1", std::nullopt), "2001:db8::1");
    EXPECT_EQ(subject_of(document(R"({"service":"https"})")), "https");
    EXPECT_EQ(subject_of(document(R"({"port":5432,"service":""})")), "port 5432");
    EXPECT_EQ(subject_of(document("{}")), "-");
}

TEST(CliRow, TheRateIsThatOfTheActiveTime) {
    EXPECT_EQ(rate_while_active(document(R"({"count":20,"first":100.0,"last":110.0})")), 2.0);
    EXPECT_EQ(rate_while_active(document(R"({"count":3,"first":100.0,"last":100.0})")), 3.0);
    EXPECT_EQ(rate_while_active(document(R"({"count":3,"first":null})")), std::nullopt);
}

TEST(CliRow, TheDominantFailureIsNoRefusal) {
    const auto row = document(R"({"outcomes":{"refused":50,"refused_by_device":9,"closed":99,"unanswered":2,
                                  "blackholed":5,"news_of_tomorrow":70}})");
    EXPECT_EQ(dominant_failure(row), "blackholed");
    EXPECT_EQ(other_failures(row), 7);
    EXPECT_EQ(failed_total(member_at(row, "outcomes")), 66);
    EXPECT_EQ(dominant_failure(document("{}")), "");
}

TEST(CliOutcomeText, AnUnknownOutcomeHasItsNameOnly) {
    EXPECT_TRUE(outcome_text("refused").failed);
    EXPECT_FALSE(outcome_text("closed").failed);
    EXPECT_EQ(outcome_text("news_of_tomorrow").name, "news_of_tomorrow");
    EXPECT_EQ(outcome_text("news_of_tomorrow").meaning, "");
}

TEST(CliEmptiness, NoPacketsNeverLookLikeNoFailures) {
    EXPECT_EQ(emptiness_text("refused", 0, 0, "is the SPAN port up?"),
              "0 refused; 0 packets seen: is the SPAN port up?");
    EXPECT_EQ(emptiness_text("refused", 1234, 5678, ""), "0 refused among 1,234 attempts in 5,678 packets");
    EXPECT_EQ(emptiness_text("refused", 0, 5678, ""),
              "0 refused; no connection attempt in 5,678 packets: are the SYNs of TCP among them?");
    EXPECT_EQ(emptiness_text("refused", std::nullopt, std::nullopt, ""), "0 refused");
}

}  // namespace
}  // namespace rstwatch::cli
