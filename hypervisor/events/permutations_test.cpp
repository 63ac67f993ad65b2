// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>

#include "hypervisor/events/engine_fixture.hpp"

/*
 * Ten events on one trigger, created in every order. Events of one species differ in nothing but their number, and
 * numbers follow creation: exchanging two of them gives the same list of (number, species). So the distinct
 * arrangements of the species, which std::next_permutation enumerates, are all 10! orders, each once instead of 3!3!3!
 * times and more.
 */
namespace hyperdbg::test {
namespace {

enum Species : char { pre, post, all, short_circuit, refused_short_circuit };

Wish wish_for(Species species) {
  Wish wish;
  wish.key(1).script();
  switch (species) {
    case pre:
      return wish;
    case post:
      return wish.stage(HYPERDBG_POST);
    case all:
      return wish.stage(HYPERDBG_ALL);
    case short_circuit:
      return wish.sc();
    case refused_short_circuit:
      return wish.sc().when(never);
  }
  return wish;
}

bool runs_in_pre(Species species) {
  return species == pre || species == all || species == short_circuit;
}
bool runs_in_post(Species species) {
  return species == post || species == all;
}

std::vector<Ran> expected_calls(const std::vector<Species>& order) {
  std::vector<Ran> calls;
  for (u32 id = 0; id < order.size(); ++id)
    if (runs_in_pre(order[id])) calls.push_back({id, 0, Stage::pre});
  if (std::ranges::find(order, short_circuit) != order.end()) return calls;
  for (u32 id = 0; id < order.size(); ++id)
    if (runs_in_post(order[id])) calls.push_back({id, 0, Stage::post});
  return calls;
}

void check_one(Harness& harness, const std::vector<Species>& order) {
  ASSERT_EQ(harness.request(HYPERDBG_REQUEST_RESET, {}).status, HYPERDBG_OK);
  for (Species species : order) ASSERT_EQ(harness.add(wish_for(species)), HYPERDBG_OK);
  FakeHost host = harness.host();
  const bool skipped = std::ranges::find(order, short_circuit) != order.end();
  ASSERT_EQ(harness.trigger(host, 1), skipped ? Next::skip : Next::emulate);
  ASSERT_EQ(host.runs, expected_calls(order));
}

// Returns how many orders there were.
int check_all_orders(std::vector<Species> species) {
  Harness harness(64);
  std::ranges::sort(species);
  int orders = 0;
  do {
    check_one(harness, species);
    ++orders;
  } while (!testing::Test::HasFatalFailure() && std::ranges::next_permutation(species).found);
  return orders;
}

TEST(Permutations, OneOfTenShortCircuits) {
  EXPECT_EQ(check_all_orders({pre, pre, pre, post, post, post, all, all, all, short_circuit}), 16800);
}

// The control: the same ten, but the condition of the one that would suppress says no.
TEST(Permutations, OneOfTenWouldShortCircuitIfItsConditionLetIt) {
  EXPECT_EQ(check_all_orders({pre, pre, pre, post, post, post, all, all, all, refused_short_circuit}), 16800);
}

TEST(Permutations, OneSufficesBesideOneThatIsRefused) {
  EXPECT_EQ(check_all_orders({pre, pre, post, post, post, all, all, all, short_circuit, refused_short_circuit}), 50400);
}

}  // namespace
}  // namespace hyperdbg::test
