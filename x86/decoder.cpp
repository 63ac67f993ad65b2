// SPDX-License-Identifier: MIT
#include "x86/decoder.hpp"

#include "x86/decoder_tables.hpp"

namespace hyperdbg::x86 {
namespace {

using tables::Entry;
using tables::Immediate;
using tables::Size;

class Decoder {
 public:
  Decoder(Decoded& result, const u8* bytes, std::size_t count, CodeSize code_size, Branches branches)
      : result_(result),
        out_(result.instruction),
        bytes_(bytes),
        limit_(count < maximum_instruction_length ? count : maximum_instruction_length),
        code_size_(code_size),
        branches_(branches) {}

  bool run() {
    if (!read_opcode()) return false;
    const u8 refused = tables::invalid | (is_64() ? tables::invalid_in_64 : 0);
    if (entry_->flags & refused) return fail(DecodeStatus::invalid);
    immediate_ = entry_->immediate;
    set_sizes();
    if (entry_->flags & tables::has_modrm) {
      if (!read_modrm()) return false;
    } else {
      out_.opcode_register = (out_.opcode & 7) | b_;
    }
    if (immediate_ != Immediate::none && !read_immediates()) return false;
    if (out_.map == OpcodeMap::map_3dnow) take_3dnow_opcode();
    out_.length = static_cast<u8>(position_);
    result_.status = DecodeStatus::ok;
    return true;
  }

 private:
  bool is_64() const { return code_size_ == CodeSize::bits64; }

  bool fail(DecodeStatus status) {
    result_.status = status;
    return false;
  }

  bool need(std::size_t size) {
    if (limit_ - position_ >= size) return true;
    return fail(limit_ == maximum_instruction_length ? DecodeStatus::too_long : DecodeStatus::too_short);
  }

  // The caller made sure that the bytes are there.
  u8 take() { return bytes_[position_++]; }

  template <class T>
  s64 take_signed() {
    T value;
    __builtin_memcpy(&value, bytes_ + position_, sizeof(value));
    position_ += sizeof(value);
    return value;
  }

  s64 take_signed(u8 size) {
    switch (size) {
      case 1:
        return take_signed<std::int8_t>();
      case 2:
        return take_signed<std::int16_t>();
      case 4:
        return take_signed<std::int32_t>();
      default:
        return take_signed<std::int64_t>();
    }
  }

  bool read_opcode() {
    do {
      if (!need(1)) return false;
      out_.opcode_offset = static_cast<u8>(position_);
      out_.opcode = take();
      entry_ = &tables::one_byte[out_.opcode];
      if (!(entry_->flags & tables::prefix)) break;
    } while (read_legacy_prefix(out_.opcode));
    if ((entry_->flags & tables::prefix) && !read_escape()) return false;
    if (rex_ != 0) apply_rex();
    return true;
  }

  // True when the byte was a prefix and another byte must follow.
  bool read_legacy_prefix(u8 byte) {
    if ((byte & 0xf0) == 0x40) {
      if (!is_64()) return false;
      rex_ = byte;
      return true;
    }
    switch (byte) {
      case 0x26:
      case 0x2e:
      case 0x36:
      case 0x3e:
        if (!is_64()) out_.segment_override = static_cast<Segment>((byte >> 3) & 3);
        break;
      case 0x64:
      case 0x65:
        out_.segment_override = byte == 0x64 ? Segment::fs : Segment::gs;
        break;
      case 0x66:
        out_.operand_size_prefix = true;
        break;
      case 0x67:
        out_.address_size_prefix = true;
        break;
      case 0xf0:
        out_.lock = true;
        break;
      case 0xf2:
      case 0xf3:
        out_.repeat = static_cast<RepeatPrefix>(byte);
        break;
      default:
        return false;
    }
    rex_ = 0;
    return true;
  }

  void apply_rex() {
    out_.has_rex = true;
    out_.wide = rex_ & 8;
    r_ = (rex_ & 4) << 1;
    x_ = (rex_ & 2) << 2;
    b_ = (rex_ & 1) << 3;
  }

  // Bytes that lead to another map, or are opcodes of their own in some modes.
  bool read_escape() {
    if (out_.opcode == 0x0f) return read_0f();
    if ((out_.opcode & 0xf0) == 0x40) {
      entry_ = &tables::nothing;
      return true;
    }
    if (!need(1)) return false;
    const u8 next = bytes_[position_];
    if (out_.opcode == 0x8f) return (next & 0x1f) < 8 || read_vector();
    // With a memory operand, outside 64-bit mode, these are LES, LDS and BOUND.
    return (!is_64() && next < 0xc0) || read_vector();
  }

  bool read_0f() {
    if (!need(1)) return false;
    out_.map = OpcodeMap::map_0f;
    out_.opcode_offset = static_cast<u8>(position_);
    out_.opcode = take();
    entry_ = &tables::map_0f[out_.opcode];
    if (out_.opcode == 0x0f) out_.map = OpcodeMap::map_3dnow;
    if (!(entry_->flags & tables::prefix)) return true;
    if (!need(1)) return false;
    const bool is_38 = out_.opcode == 0x38;
    out_.map = is_38 ? OpcodeMap::map_0f38 : OpcodeMap::map_0f3a;
    entry_ = is_38 ? &tables::modrm_alone : &tables::modrm_and_byte;
    out_.opcode_offset = static_cast<u8>(position_);
    out_.opcode = take();
    return true;
  }

  // VEX, EVEX or XOP: two to four bytes, of which the first was read, and the opcode.
  [[gnu::always_inline]] bool read_vector() {
    if (rex_ != 0 || out_.operand_size_prefix || out_.lock || out_.repeat != RepeatPrefix::none)
      return fail(DecodeStatus::invalid);
    const u8 first = out_.opcode;
    if (!need(first == 0xc5 ? 2 : first == 0x62 ? 4 : 3)) return false;
    const bool known = first == 0xc5 ? read_vex2() : first == 0x62 ? read_evex() : read_vex3_or_xop(first);
    if (!known) return fail(DecodeStatus::invalid);
    out_.opcode_offset = static_cast<u8>(position_);
    out_.opcode = take();
    return set_vector_entry();
  }

  bool read_vex2() {
    const u8 payload = take();
    out_.encoding = Encoding::vex;
    out_.map = OpcodeMap::map_0f;
    set_inverted_rxb(payload | 0x60);
    set_vvvv_and_pp(payload & 0x7f);
    return true;
  }

  bool read_vex3_or_xop(u8 first) {
    out_.encoding = first == 0x8f ? Encoding::xop : Encoding::vex;
    read_map_and_w(0x1f);
    return out_.map <= (first == 0x8f ? OpcodeMap::xop_a : OpcodeMap::map_0f3a);
  }

  bool read_evex() {
    const u8* payload = bytes_ + position_;
    out_.encoding = Encoding::evex;
    r2_ = is_64() && (payload[0] & 0x10) == 0 ? 16 : 0;
    v2_ = is_64() && (payload[2] & 0x08) == 0 ? 16 : 0;
    // The bit that is always set in the second byte is not looked at: clear, it meant Knights Corner's MVEX, of the
    // same form, and APX uses it for a register number.
    read_map_and_w(0x0f);
    out_.vector_register |= v2_;
    ++position_;
    return (out_.map >= OpcodeMap::map_0f && out_.map <= OpcodeMap::map_0f3a) || out_.map == OpcodeMap::map_5 ||
           out_.map == OpcodeMap::map_6;
  }

  void read_map_and_w(u8 map_mask) {
    const u8 first = take();
    const u8 second = take();
    out_.map = static_cast<OpcodeMap>(first & map_mask);
    set_inverted_rxb(first);
    out_.wide = second & 0x80;
    set_vvvv_and_pp(second);
  }

  void set_inverted_rxb(u8 bits) {
    if (!is_64()) return;
    r_ = (~bits & 0x80) >> 4;
    x_ = (~bits & 0x40) >> 3;
    b_ = (~bits & 0x20) >> 2;
  }

  void set_vvvv_and_pp(u8 bits) {
    out_.vector_register = (~bits >> 3) & (is_64() ? 15 : 7);
    switch (bits & 3) {
      case 1:
        out_.operand_size_prefix = true;
        break;
      case 2:
        out_.repeat = RepeatPrefix::rep;
        break;
      case 3:
        out_.repeat = RepeatPrefix::repne;
        break;
      default:
        break;
    }
  }

  bool set_vector_entry() {
    switch (out_.map) {
      case OpcodeMap::one_byte:
        if ((out_.opcode & 0xfe) != 0x74) return fail(DecodeStatus::invalid);
        entry_ = &tables::byte_alone;  // JKZD, JKNZD of Knights Corner
        break;
      case OpcodeMap::map_0f:
        entry_ = out_.encoding == Encoding::vex ? &tables::vex_0f[out_.opcode] : &tables::evex_0f[out_.opcode];
        break;
      case OpcodeMap::map_0f3a:
      case OpcodeMap::xop_8:
        entry_ = &tables::modrm_and_byte;
        break;
      case OpcodeMap::xop_a:
        entry_ = &tables::modrm_and_double_word;
        break;
      default:
        entry_ = &tables::modrm_alone;
        break;
    }
    return true;
  }

  void set_sizes() {
    const bool other_address_size = out_.address_size_prefix;
    switch (code_size_) {
      case CodeSize::bits16:
        out_.address_size = other_address_size ? 4 : 2;
        break;
      case CodeSize::bits32:
        out_.address_size = other_address_size ? 2 : 4;
        break;
      case CodeSize::bits64:
        out_.address_size = other_address_size ? 4 : 8;
        break;
    }
    out_.operand_size = operand_size(entry_->size);
  }

  u8 operand_size(Size size) const {
    if (out_.encoding != Encoding::legacy) return is_64() && out_.wide ? 8 : 4;
    const bool other_size = out_.operand_size_prefix;
    if (is_64()) {
      if (size == Size::branch && branches_ == Branches::amd) size = Size::stack;
      return tables::operand_sizes_64[static_cast<u8>(size)][out_.wide * 2 + other_size];
    }
    if (size == Size::byte) return 1;
    if (size == Size::native) return 4;
    return (code_size_ == CodeSize::bits16) == other_size ? 4 : 2;
  }

  bool read_modrm() {
    if (!need(1)) return false;
    out_.has_modrm = true;
    out_.modrm = take();
    out_.reg = out_.modrm_reg() | r_ | r2_;
    if (entry_->flags & tables::by_modrm) refine();
    if (out_.modrm_mod() != 3 && !(entry_->flags & tables::registers_only)) return read_memory_operand();
    out_.rm = out_.modrm_rm() | b_;
    if (out_.encoding == Encoding::evex) out_.rm |= x_ << 1;
    return true;
  }

  // Opcodes that become another instruction by ModRM.reg, by a prefix or by the mode.
  void refine() {
    const u8 extension = out_.modrm_reg();
    switch (out_.opcode) {
      case 0x01:  // SGDT, SIDT, LGDT, LIDT
        if (is_64() && extension < 4 && out_.modrm_mod() != 3) out_.operand_size = 8;
        break;
      case 0x63:  // MOVSXD, or ARPL
        if (!is_64()) out_.operand_size = 2;
        break;
      case 0x78:  // VMREAD, or EXTRQ and INSERTQ
        if (out_.operand_size_prefix || out_.repeat == RepeatPrefix::repne) immediate_ = Immediate::two_bytes;
        break;
      case 0xf6:  // TEST has an immediate, the others of the group do not
      case 0xf7:
        if (extension < 2) immediate_ = out_.opcode == 0xf6 ? Immediate::byte : Immediate::by_size;
        break;
      case 0x8c:  // MOV of segment registers, of which there are no more than eight
      case 0x8e:
        out_.reg = extension;
        break;
      case 0xc7:  // CMPXCHG8B, CMPXCHG16B
        if (extension == 1) out_.operand_size = out_.wide ? 8 : 4;
        break;
      case 0xff:
        if (extension == 2 || extension == 4) out_.operand_size = operand_size(Size::branch);
        if (extension == 6) out_.operand_size = operand_size(Size::stack);
        break;
      default:
        break;
    }
  }

  bool read_memory_operand() {
    out_.has_memory = true;
    const bool ok = out_.address_size == 2 ? read_16_bit_address() : read_address();
    if (!ok) return false;
    set_segment();
    if (out_.displacement_size == 0) return true;
    if (!need(out_.displacement_size)) return false;
    out_.memory.displacement = take_signed(out_.displacement_size);
    out_.memory.scaled_displacement = out_.encoding == Encoding::evex && out_.displacement_size == 1;
    return true;
  }

  bool read_16_bit_address() {
    static constexpr u8 bases[8] = {3, 3, 5, 5, 6, 7, 5, 3};
    static constexpr u8 indexes[8] = {6, 7, 6, 7, no_register, no_register, no_register, no_register};
    const u8 mod = out_.modrm_mod();
    const u8 rm = out_.modrm_rm();
    if (mod == 0 && rm == 6) {
      out_.displacement_size = 2;
      return true;
    }
    out_.memory.base = bases[rm];
    out_.memory.index = indexes[rm];
    out_.displacement_size = mod;
    return true;
  }

  bool read_address() {
    const u8 mod = out_.modrm_mod();
    out_.displacement_size = mod == 2 ? 4 : mod;
    u8 base = out_.modrm_rm();
    if (base == 4) {
      if (!need(1)) return false;
      base = read_sib();
    } else if (mod == 0 && base == 5) {
      out_.memory.rip_relative = is_64();
    }
    if (mod == 0 && base == 5) {
      out_.displacement_size = 4;
    } else {
      out_.memory.base = base | b_;
    }
    return true;
  }

  u8 read_sib() {
    out_.has_sib = true;
    out_.sib = take();
    const u8 index = ((out_.sib >> 3) & 7) | x_;
    out_.memory.vector_index = has_vector_index();
    if (out_.memory.vector_index) {
      out_.memory.index = index | v2_;
    } else if (index != 4) {
      out_.memory.index = index;
    }
    if (out_.memory.index != no_register) out_.memory.scale = 1 << (out_.sib >> 6);
    return out_.sib & 7;
  }

  // Gathers and scatters.
  bool has_vector_index() const {
    if (out_.encoding == Encoding::legacy || out_.map != OpcodeMap::map_0f38) return false;
    if (out_.opcode >= 0x90 && out_.opcode <= 0x93) return true;
    return out_.encoding == Encoding::evex &&
           ((out_.opcode >= 0xa0 && out_.opcode <= 0xa3) || out_.opcode == 0xc6 || out_.opcode == 0xc7);
  }

  void set_segment() {
    const bool on_stack = out_.memory.base == 4 || out_.memory.base == 5;
    out_.memory.segment = on_stack ? Segment::ss : Segment::ds;
    if (out_.segment_override != Segment::none) out_.memory.segment = out_.segment_override;
  }

  bool read_immediates() {
    switch (immediate_) {
      case Immediate::none:
        return true;
      case Immediate::byte:
        return read_immediate(1, 0);
      case Immediate::word:
        return read_immediate(2, 0);
      case Immediate::by_size:
        return read_immediate(out_.operand_size == 2 ? 2 : 4, 0);
      case Immediate::full:
        return read_immediate(out_.operand_size, 0);
      case Immediate::moffs:
        return read_moffs();
      case Immediate::far_pointer:
        return read_immediate(out_.operand_size, 2);
      case Immediate::enter:
        return read_immediate(2, 1);
      case Immediate::two_bytes:
        return read_immediate(1, 1);
      case Immediate::double_word:
        return read_immediate(4, 0);
    }
    return fail(DecodeStatus::invalid);
  }

  bool read_immediate(u8 size, u8 second_size) {
    if (!need(size + second_size)) return false;
    out_.immediate_size = size;
    out_.immediate = take_signed(size);
    out_.second_immediate_size = second_size;
    if (second_size == 1) out_.second_immediate = take();
    if (second_size == 2) out_.second_immediate = static_cast<u16>(take_signed<std::int16_t>());
    return true;
  }

  bool read_moffs() {
    if (!need(out_.address_size)) return false;
    out_.has_memory = true;
    out_.displacement_size = out_.address_size;
    out_.memory.displacement = take_signed(out_.address_size);
    set_segment();
    return true;
  }

  void take_3dnow_opcode() {
    out_.opcode = static_cast<u8>(out_.immediate);
    out_.opcode_offset = static_cast<u8>(position_ - 1);
    out_.immediate = 0;
    out_.immediate_size = 0;
  }

  Decoded& result_;
  Instruction& out_;
  const u8* bytes_;
  std::size_t position_ = 0;
  std::size_t limit_;
  CodeSize code_size_;
  Branches branches_;
  const Entry* entry_ = nullptr;
  Immediate immediate_ = Immediate::none;
  u8 rex_ = 0;
  // Already shifted to their place in a register number.
  u8 r_ = 0;
  u8 x_ = 0;
  u8 b_ = 0;
  u8 r2_ = 0;
  u8 v2_ = 0;
};

}  // namespace

Decoded decode(const u8* bytes, std::size_t count, CodeSize code_size, Branches branches) {
  Decoded result;
  Decoder(result, bytes, count, code_size, branches).run();
  return result;
}

}  // namespace hyperdbg::x86
