// Alveo U55C (XCU55C-FSVH2892, a VU47P): the card, PCIe Gen3 x8, 16 GiB of HBM by one of its AXI ports.
// Not run on a board, not through Vivado.
//
// An HBM port is AXI3 of 256 bits with bursts of at most 16 beats: the card's bursts as they are. It runs in the
// card's clock (250 MHz; a port takes up to 450).
module top (
    input wire pcie_refclk_p,
    input wire pcie_refclk_n,
    input wire pcie_perst_n,
    input wire [7:0] pcie_rx_p,
    input wire [7:0] pcie_rx_n,
    output wire [7:0] pcie_tx_p,
    output wire [7:0] pcie_tx_n,
    input wire sysclk_p,
    input wire sysclk_n,
    // A hot HBM stack must shut the card's power down: to the satellite controller (UG1468).
    output wire hbm_cattrip
);
    wire clock, reset_n, link_up, busy;
    wire [63:0] c_araddr, c_awaddr;
    wire [7:0] c_arlen, c_awlen;
    wire [255:0] c_rdata, c_wdata;
    wire [1:0] c_rresp, c_bresp;
    wire c_arvalid, c_arready, c_rlast, c_rvalid, c_rready, c_awvalid, c_awready, c_wlast, c_wvalid, c_wready, c_bvalid,
         c_bready;

    wire sysclk, sysclk_global;
    IBUFDS sysclk_buffer (.I(sysclk_p), .IB(sysclk_n), .O(sysclk));
    BUFG sysclk_net (.I(sysclk), .O(sysclk_global));
    wire stack0_ready, stack1_ready, stack0_trip, stack1_trip;
    (* ASYNC_REG = "TRUE" *) reg [1:0] memory_ready = 2'b00;
    always @(posedge clock) memory_ready <= {memory_ready[0], stack0_ready && stack1_ready};
    assign hbm_cattrip = stack0_trip || stack1_trip;

    card_bridge #(.CARD_MEM_BYTES(40'h4_0000_0000)) card (
        .pcie_refclk_p(pcie_refclk_p), .pcie_refclk_n(pcie_refclk_n), .pcie_perst_n(pcie_perst_n),
        .pcie_rx_p(pcie_rx_p), .pcie_rx_n(pcie_rx_n), .pcie_tx_p(pcie_tx_p), .pcie_tx_n(pcie_tx_n),
        .clock(clock), .reset_n(reset_n), .link_up(link_up), .busy(busy), .memory_ready(memory_ready[1]),
        .c_araddr(c_araddr), .c_arlen(c_arlen), .c_arvalid(c_arvalid), .c_arready(c_arready),
        .c_rdata(c_rdata), .c_rresp(c_rresp), .c_rlast(c_rlast), .c_rvalid(c_rvalid), .c_rready(c_rready),
        .c_awaddr(c_awaddr), .c_awlen(c_awlen), .c_awvalid(c_awvalid), .c_awready(c_awready),
        .c_wdata(c_wdata), .c_wlast(c_wlast), .c_wvalid(c_wvalid), .c_wready(c_wready),
        .c_bresp(c_bresp), .c_bvalid(c_bvalid), .c_bready(c_bready)
    );

    hbm_memory hbm (
        .HBM_REF_CLK_0(sysclk_global), .HBM_REF_CLK_1(sysclk_global),
        .APB_0_PCLK(sysclk_global), .APB_1_PCLK(sysclk_global), .APB_0_PRESET_N(reset_n), .APB_1_PRESET_N(reset_n),
        .apb_complete_0(stack0_ready), .apb_complete_1(stack1_ready),
        .DRAM_0_STAT_CATTRIP(stack0_trip), .DRAM_1_STAT_CATTRIP(stack1_trip),
        .DRAM_0_STAT_TEMP(), .DRAM_1_STAT_TEMP(),
        .AXI_00_ACLK(clock), .AXI_00_ARESET_N(reset_n),
        .AXI_00_ARADDR(c_araddr[33:0]), .AXI_00_ARBURST(2'b01), .AXI_00_ARID(6'd0), .AXI_00_ARLEN(c_arlen[3:0]),
        .AXI_00_ARSIZE(3'd5), .AXI_00_ARVALID(c_arvalid), .AXI_00_ARREADY(c_arready),
        .AXI_00_RDATA(c_rdata), .AXI_00_RDATA_PARITY(), .AXI_00_RID(), .AXI_00_RLAST(c_rlast), .AXI_00_RRESP(c_rresp),
        .AXI_00_RVALID(c_rvalid), .AXI_00_RREADY(c_rready),
        .AXI_00_AWADDR(c_awaddr[33:0]), .AXI_00_AWBURST(2'b01), .AXI_00_AWID(6'd0), .AXI_00_AWLEN(c_awlen[3:0]),
        .AXI_00_AWSIZE(3'd5), .AXI_00_AWVALID(c_awvalid), .AXI_00_AWREADY(c_awready),
        .AXI_00_WDATA(c_wdata), .AXI_00_WDATA_PARITY(32'd0), .AXI_00_WSTRB({32{1'b1}}), .AXI_00_WLAST(c_wlast),
        .AXI_00_WVALID(c_wvalid), .AXI_00_WREADY(c_wready),
        .AXI_00_BID(), .AXI_00_BRESP(c_bresp), .AXI_00_BVALID(c_bvalid), .AXI_00_BREADY(c_bready)
    );
endmodule
