// SPDX-License-Identifier: MIT
// First sector of the disk from which Bochs boots Debian's kernel. What the kernel must find in memory lies behind it on
// the disk, ready as it is: boot parameters with the command line, the kernel unpacked, the initramfs. A table, filled in
// by lab/boot_disk.cpp, says where. So nothing is decompressed under emulation, which alone would take over a minute.
//
// The state at the jump is that of Linux's Documentation/x86/boot.rst, "64-bit Boot Protocol".

.set memory_map, 0x8000       // as the BIOS tells it, until the boot parameters are there
.set page_tables, 0x70000     // root, pointers, one directory: the first GiB
.set boot_parameters, 0x90000

.set booted_index, 0x7f       // a byte of the CMOS that nobody uses: it outlives a reset
.set booted, 0x5a

.set e820_entries, 0x1e8      // in the boot parameters
.set e820_table, 0x2d0

    .code16
    .globl _start
_start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7c00, %sp
    ljmp $0, $1f
1:  movb $booted_index, %al   // a guest that resets the machine ends it, as in QEMU with -no-reboot
    outb %al, $0x70
    inb $0x71, %al
    cmpb $booted, %al
    je shut_down
    movb $booted, %al
    outb %al, $0x71

    inb $0x92, %al            // A20
    orb $2, %al
    outb %al, $0x92

    movw $memory_map, %di
    xorl %ebx, %ebx
2:  movl $0xe820, %eax
    movl $20, %ecx
    movl $0x534d4150, %edx    // "SMAP"
    int $0x15
    jc 3f
    addw $20, %di
    incb map_entries
    testl %ebx, %ebx
    jnz 2b

3:  cli
    lgdt gdt_register
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmp $0x20, $protected

shut_down:
    movw $shutdown_word, %si
    movw $0x8900, %dx         // where Bochs ends at this word
    movw $8, %cx
    rep outsb
    hlt

    .code32
protected:
    movl $0x18, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    cld

    movl $table, %esi
4:  movl 0(%esi), %ebx        // first sector
    movl 4(%esi), %ebp        // sectors
    movl 8(%esi), %edi        // address
    testl %ebp, %ebp
    jz loaded
5:  call read_some
    testl %ebp, %ebp
    jnz 5b
    addl $12, %esi
    jmp 4b

// Reads up to 128 of %ebp sectors from sector %ebx on to (%edi), by programmed input from the first ATA disk.
read_some:
    movl $128, %ecx
    cmpl %ebp, %ecx
    cmoval %ebp, %ecx
    movw $0x1f2, %dx
    movb %cl, %al
    outb %al, %dx
    movl %ebx, %eax
    incw %dx
    outb %al, %dx
    shrl $8, %eax
    incw %dx
    outb %al, %dx
    shrl $8, %eax
    incw %dx
    outb %al, %dx
    movb $0xe0, %al           // LBA, first drive
    orb %ah, %al
    incw %dx
    outb %al, %dx
    incw %dx
    movb $0x20, %al           // READ SECTORS
    outb %al, %dx
    addl %ecx, %ebx
    subl %ecx, %ebp
6:  movw $0x1f7, %dx
    inb %dx, %al
    andb $0x88, %al           // busy, data request
    cmpb $0x08, %al
    jne 6b
    pushl %ecx
    movl $128, %ecx
    movw $0x1f0, %dx
    rep insl
    popl %ecx
    loop 6b
    ret

loaded:
    movl $memory_map, %esi
    movl $(boot_parameters + e820_table), %edi
    movzbl map_entries, %eax
    movb %al, boot_parameters + e820_entries
    imull $20, %eax, %ecx
    rep movsb

    movl $page_tables, %edi
    movl %edi, %cr3
    xorl %eax, %eax
    movl $(2 * 4096 / 4), %ecx
    rep stosl
    movl $(page_tables + 0x1003), page_tables
    movl $(page_tables + 0x2003), page_tables + 0x1000
    movl $0x83, %eax          // 2 MiB pages
7:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl $8, %edi
    addl $0x200000, %eax
    cmpl $(page_tables + 0x3000), %edi
    jb 7b

    movl %cr4, %eax
    orb $0x20, %al            // PAE
    movl %eax, %cr4
    movl $0xc0000080, %ecx    // EFER.LME
    rdmsr
    orb $1, %ah
    wrmsr
    movl $boot_parameters, %esi
    movl %cr0, %eax
    orl $0x80000000, %eax
    movl %eax, %cr0
    ljmp $0x10, $long_mode

    .code64
long_mode:
    movl entry, %eax
    jmp *%rax

    .balign 8
gdt:
    .quad 0
    .quad 0
    .quad 0x00af9b000000ffff  // 0x10: 64-bit code
    .quad 0x00cf93000000ffff  // 0x18: data
    .quad 0x00cf9b000000ffff  // 0x20: 32-bit code
gdt_register:
    .word . - gdt - 1
    .long gdt
map_entries:
    .byte 0
shutdown_word:
    .ascii "Shutdown"

    .org 510 - 4 * 12 - 4
entry:                        // of the kernel, in physical memory
    .long 0
table:                        // first sector, sectors, address; ends with 0 sectors
    .fill 12, 4, 0
    .word 0xaa55
