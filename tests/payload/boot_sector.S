/* SPDX-License-Identifier: MIT */
/*
 * The first sector of a disk that carries the payload, for emulators and machines without multiboot: reads what follows
 * it with the BIOS, moves it to its address, and jumps there in flat protected mode.
 */
#define CHUNK 64			/* sectors for each call: 32 KiB */
#define LOAD_SEGMENT 0x1000
#define LOAD_ADDRESS 0x10000
#define PAYLOAD_ADDRESS 0x100000

	.code16
	.globl boot_sector
boot_sector:
	cli
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $0x7c00, %sp
	ljmp $0, $1f
1:	mov $((payload_end - payload + 32767) / 32768), %cx
2:	push %cx
	push %dx
	mov $packet, %si
	mov $0x42, %ah			/* INT 13h extensions: read the sectors that the packet names */
	int $0x13
	pop %dx
	pop %cx
	jc 3f
	addw $(CHUNK * 512 / 16), packet + 6
	addw $CHUNK, packet + 8
	loop 2b
	in $0x92, %al			/* A20 */
	or $2, %al
	out %al, $0x92
	cli
	lgdt gdt_pointer
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmp $8, $protected
3:	mov $0x0e45, %ax		/* an E on the screen: the disk cannot be read */
	int $0x10
4:	hlt
	jmp 4b

	.code32
protected:
	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $LOAD_ADDRESS, %esi
	mov $PAYLOAD_ADDRESS, %edi
	mov $(payload_end - payload), %ecx
	cld
	rep movsb
	mov $PAYLOAD_ADDRESS, %eax
	jmp *%eax

	.balign 8
gdt:	.quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	.word . - gdt - 1
	.long gdt
packet:	.byte 16, 0
	.word CHUNK, 0, LOAD_SEGMENT
	.quad 1				/* first sector */
	.org boot_sector + 510
	.word 0xaa55

payload:
	.incbin "payload.bin"
payload_end:
	.if payload_end - payload > 0x80000
	.error "the payload does not fit below 640 KiB"
	.endif
	.org boot_sector + 2 * 16 * 63 * 512	/* whole cylinders */
