// SPDX-License-Identifier: Apache-2.0
#include "control/http/admission.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace rstwatch::control::http {
namespace {

using Verdict = Admission::Verdict;

class HttpAdmission : public testing::Test {
  protected:
    Verdict enter(const std::string& address) {
        tickets_.push_back(std::make_unique<Admission::Ticket>(admission_, address));
        return tickets_.back()->verdict();
    }

    Admission admission_{3, 2};
    std::vector<std::unique_ptr<Admission::Ticket>> tickets_;
};

TEST_F(HttpAdmission, OneAddressCannotTakeAllPlaces) {
    EXPECT_EQ(enter("a"), Verdict::admitted);
    EXPECT_EQ(enter("a"), Verdict::admitted);
    EXPECT_EQ(enter("a"), Verdict::address_full);
    EXPECT_EQ(enter("b"), Verdict::admitted);
    EXPECT_EQ(enter("b"), Verdict::server_full);
    EXPECT_EQ(admission_.admitted(), 3U);
}

TEST_F(HttpAdmission, APlaceThatIsLeftIsFree) {
    enter("a");
    enter("a");
    EXPECT_EQ(enter("a"), Verdict::address_full);
    tickets_.clear();
    EXPECT_EQ(admission_.admitted(), 0U);
    EXPECT_EQ(enter("a"), Verdict::admitted);
}

TEST_F(HttpAdmission, RefusalsAreBoundedToo) {
    for (const auto* address : {"a", "a", "b"}) EXPECT_EQ(enter(address), Verdict::admitted);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(enter("a"), Verdict::address_full);
    EXPECT_EQ(enter("a"), Verdict::turned_away);
    EXPECT_EQ(enter("c"), Verdict::turned_away);
    tickets_.clear();
    EXPECT_EQ(enter("c"), Verdict::admitted);
}

}  // namespace
}  // namespace rstwatch::control::http
