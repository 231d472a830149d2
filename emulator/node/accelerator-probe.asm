; Source of the bytes in accelerator-probe.ts: nasm -f bin -o probe.bin accelerator-probe.asm
; The accelerator probe, one boot sector: real mode -> long mode, a page alias, IDT int3 and iretq, a busy loop with
; stores, five timer interrupts, then isa-debug-exit with 0x2a (QEMU ends with status 85).
; The serial port shows how far it came: R L I B T.
bits 16
org 0x7c00
start: cli
 xor ax,ax
 mov ds,ax
 mov es,ax
 mov ss,ax
 mov sp,0x7c00
 mov al,'R'
 call putc
 in al,0x92
 or al,2
 out 0x92,al
 cld
 xor ax,ax
 mov di,0x1000
 mov cx,0x2000      ; zero 0x1000..0x4fff in words
 rep stosw
 mov dword [0x1000],0x2003
 mov dword [0x2000],0x3003
 mov dword [0x3000],0x83        ; 0-2M identity
 mov dword [0x3008],0x83        ; alias 2-4M -> 0-2M
 mov eax,cr4
 or al,0x20
 mov cr4,eax
 mov eax,0x1000
 mov cr3,eax
 mov ecx,0xc0000080
 rdmsr
 or ah,1
 wrmsr
 lgdt [gdtr]
 mov eax,cr0
 or eax,0x80000001
 mov cr0,eax
 jmp 8:lm
putc: mov dx,0x3f8
 out dx,al
 ret
bits 64
lm: mov ax,16
 mov ds,ax
 mov es,ax
 mov ss,ax
 mov esp,0x7c00
 mov al,'L'
 mov dx,0x3f8
 out dx,al
 ; page alias check then remap
 mov dword [0x5000],0x12345678
 cmp dword [0x205000],0x12345678
 jne fail
 ; IDT at 0x4000: gates 3 and 0x20
 mov edi,0x4000+3*16
 mov eax,isr3
 call gate
 mov edi,0x4000+0x20*16
 mov eax,irq0
 call gate
 lidt [idtr]
 xor ebx,ebx
 int3
 cmp bl,1
 jne fail
 mov al,'I'
 mov dx,0x3f8
 out dx,al
 ; busy loop 3M iterations with memory stores
 mov ecx,3000000
.l: mov [0x6000],ecx
 dec ecx
 jnz .l
 mov al,'B'
 out dx,al
 ; PIC remap to 0x20, unmask IRQ0, PIT 1 kHz
 mov al,0x11
 out 0x20,al
 mov al,0x20
 out 0x21,al
 mov al,4
 out 0x21,al
 mov al,1
 out 0x21,al
 mov al,0xfe
 out 0x21,al
 mov al,0x34
 out 0x43,al
 mov al,0xa9
 out 0x40,al
 mov al,4
 out 0x40,al
 xor ebx,ebx
.w: sti
 hlt
 cmp bl,5
 jb .w
 cli
 mov al,'T'
 out dx,al
 mov eax,0x2a
 out 0xf4,eax
fail: hlt
 jmp fail
gate: mov [rdi],ax
 mov word [rdi+2],8
 mov word [rdi+4],0x8e00
 ret
isr3: inc ebx
 iretq
irq0: inc ebx
 push rax
 mov al,0x20
 out 0x20,al
 pop rax
 iretq
align 4
gdt: dq 0,0x00209a0000000000,0x0000920000000000
gdtr: dw 23
 dd gdt
idtr: dw 0x3ff
 dq 0x4000
times 510-($-$$) db 0
dw 0xaa55
