// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg::script {

// Writes the texts of $date ("2026-01-31") and $time ("23:59:58"), UTC, for seconds since 1970; zero-terminated, at
// most 24 bytes each. Freestanding.
inline char* write_digits(char* to, u64 value, u32 digits) {
  for (u32 i = digits; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + digits;
}

inline void write_time(u64 seconds, char* to) {
  const u64 second = seconds % 86400;
  to = write_digits(to, second / 3600, 2);
  *to++ = ':';
  to = write_digits(to, second / 60 % 60, 2);
  *to++ = ':';
  *write_digits(to, second % 60, 2) = 0;
}

inline void write_date(u64 seconds, char* to) {
  u64 days = seconds / 86400;
  u64 year = 1970;
  const auto is_leap = [&] { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; };
  for (; year < 9999 && days >= (is_leap() ? 366u : 365u); ++year) days -= is_leap() ? 366 : 365;
  const u8 lengths[] = {31, static_cast<u8>(is_leap() ? 29 : 28), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  u32 month = 0;
  for (; month < 11 && days >= lengths[month]; ++month) days -= lengths[month];
  to = write_digits(to, year, 4);
  *to++ = '-';
  to = write_digits(to, month + 1, 2);
  *to++ = '-';
  *write_digits(to, days + 1, 2) = 0;
}

}  // namespace hyperdbg::script
