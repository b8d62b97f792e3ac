// VCU1525 and BCU1525 (XCVU9P-FSGD2104): the card, PCIe Gen3 x8, one DDR4 channel of 16 GiB.
// Not run on a board, not through Vivado.
module top (
    input wire pcie_refclk_p,
    input wire pcie_refclk_n,
    input wire pcie_perst_n,
    input wire [7:0] pcie_rx_p,
    input wire [7:0] pcie_rx_n,
    output wire [7:0] pcie_tx_p,
    output wire [7:0] pcie_tx_n,
    input wire ddr4_clk_p,
    input wire ddr4_clk_n,
    output wire ddr4_act_n,
    output wire [16:0] ddr4_adr,
    output wire [1:0] ddr4_ba,
    output wire [1:0] ddr4_bg,
    output wire [0:0] ddr4_cke,
    output wire [0:0] ddr4_odt,
    output wire [0:0] ddr4_cs_n,
    output wire [0:0] ddr4_ck_t,
    output wire [0:0] ddr4_ck_c,
    output wire ddr4_parity,
    output wire ddr4_reset_n,
    inout wire [71:0] ddr4_dq,
    inout wire [17:0] ddr4_dqs_t,
    inout wire [17:0] ddr4_dqs_c,
    output wire [2:0] led
);
    wire clock, reset_n, link_up, busy;
    wire [63:0] c_araddr, c_awaddr;
    wire [7:0] c_arlen, c_awlen;
    wire [255:0] c_rdata, c_wdata;
    wire [1:0] c_rresp, c_bresp;
    wire c_arvalid, c_arready, c_rlast, c_rvalid, c_rready, c_awvalid, c_awready, c_wlast, c_wvalid, c_wready, c_bvalid,
         c_bready;
    wire calibrated, memory_clock, memory_reset;
    (* ASYNC_REG = "TRUE" *) reg [1:0] memory_ready = 2'b00;
    always @(posedge clock) memory_ready <= {memory_ready[0], calibrated};
    assign led = {memory_ready[1], link_up, busy};

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

    // 256 bits in the card's clock to 512 in the controller's (IP axi_dwidth_converter with FIFO and two clocks).
    wire [63:0] d_araddr, d_awaddr;
    wire [7:0] d_arlen, d_awlen;
    wire [2:0] d_arsize, d_awsize, d_arprot, d_awprot;
    wire [1:0] d_arburst, d_awburst, d_rresp, d_bresp;
    wire [3:0] d_arcache, d_awcache, d_arqos, d_awqos, d_arregion, d_awregion;
    wire [0:0] d_arlock, d_awlock;
    wire [511:0] d_rdata, d_wdata;
    wire [63:0] d_wstrb;
    wire d_arvalid, d_arready, d_rlast, d_rvalid, d_rready, d_awvalid, d_awready, d_wlast, d_wvalid, d_wready, d_bvalid,
         d_bready;

    memory_width width (
        .s_axi_aclk(clock), .s_axi_aresetn(reset_n), .m_axi_aclk(memory_clock), .m_axi_aresetn(!memory_reset),
        .s_axi_awid(1'b0), .s_axi_awaddr(c_awaddr), .s_axi_awlen(c_awlen), .s_axi_awsize(3'd5), .s_axi_awburst(2'b01),
        .s_axi_awlock(1'b0), .s_axi_awcache(4'b0011), .s_axi_awprot(3'd0), .s_axi_awregion(4'd0), .s_axi_awqos(4'd0),
        .s_axi_awvalid(c_awvalid), .s_axi_awready(c_awready),
        .s_axi_wdata(c_wdata), .s_axi_wstrb({32{1'b1}}), .s_axi_wlast(c_wlast), .s_axi_wvalid(c_wvalid),
        .s_axi_wready(c_wready),
        .s_axi_bid(), .s_axi_bresp(c_bresp), .s_axi_bvalid(c_bvalid), .s_axi_bready(c_bready),
        .s_axi_arid(1'b0), .s_axi_araddr(c_araddr), .s_axi_arlen(c_arlen), .s_axi_arsize(3'd5), .s_axi_arburst(2'b01),
        .s_axi_arlock(1'b0), .s_axi_arcache(4'b0011), .s_axi_arprot(3'd0), .s_axi_arregion(4'd0), .s_axi_arqos(4'd0),
        .s_axi_arvalid(c_arvalid), .s_axi_arready(c_arready),
        .s_axi_rid(), .s_axi_rdata(c_rdata), .s_axi_rresp(c_rresp), .s_axi_rlast(c_rlast), .s_axi_rvalid(c_rvalid),
        .s_axi_rready(c_rready),
        .m_axi_awaddr(d_awaddr), .m_axi_awlen(d_awlen), .m_axi_awsize(d_awsize), .m_axi_awburst(d_awburst),
        .m_axi_awlock(d_awlock), .m_axi_awcache(d_awcache), .m_axi_awprot(d_awprot), .m_axi_awregion(d_awregion),
        .m_axi_awqos(d_awqos), .m_axi_awvalid(d_awvalid), .m_axi_awready(d_awready),
        .m_axi_wdata(d_wdata), .m_axi_wstrb(d_wstrb), .m_axi_wlast(d_wlast), .m_axi_wvalid(d_wvalid),
        .m_axi_wready(d_wready),
        .m_axi_bresp(d_bresp), .m_axi_bvalid(d_bvalid), .m_axi_bready(d_bready),
        .m_axi_araddr(d_araddr), .m_axi_arlen(d_arlen), .m_axi_arsize(d_arsize), .m_axi_arburst(d_arburst),
        .m_axi_arlock(d_arlock), .m_axi_arcache(d_arcache), .m_axi_arprot(d_arprot), .m_axi_arregion(d_arregion),
        .m_axi_arqos(d_arqos), .m_axi_arvalid(d_arvalid), .m_axi_arready(d_arready),
        .m_axi_rdata(d_rdata), .m_axi_rresp(d_rresp), .m_axi_rlast(d_rlast), .m_axi_rvalid(d_rvalid),
        .m_axi_rready(d_rready)
    );

    // IP ddr4: an RDIMM of 16 GiB with ECC, AXI of 512 bits.
    ddr4_memory controller (
        .sys_rst(1'b0), .c0_sys_clk_p(ddr4_clk_p), .c0_sys_clk_n(ddr4_clk_n),
        .c0_ddr4_ui_clk(memory_clock), .c0_ddr4_ui_clk_sync_rst(memory_reset), .c0_init_calib_complete(calibrated),
        .c0_ddr4_aresetn(!memory_reset),
        .c0_ddr4_act_n(ddr4_act_n), .c0_ddr4_adr(ddr4_adr), .c0_ddr4_ba(ddr4_ba), .c0_ddr4_bg(ddr4_bg),
        .c0_ddr4_cke(ddr4_cke), .c0_ddr4_odt(ddr4_odt), .c0_ddr4_cs_n(ddr4_cs_n), .c0_ddr4_ck_t(ddr4_ck_t),
        .c0_ddr4_ck_c(ddr4_ck_c), .c0_ddr4_parity(ddr4_parity), .c0_ddr4_reset_n(ddr4_reset_n),
        .c0_ddr4_dq(ddr4_dq), .c0_ddr4_dqs_t(ddr4_dqs_t), .c0_ddr4_dqs_c(ddr4_dqs_c),
        // The controller's registers (ECC) are not used.
        .c0_ddr4_s_axi_ctrl_awvalid(1'b0), .c0_ddr4_s_axi_ctrl_awaddr(32'd0), .c0_ddr4_s_axi_ctrl_wvalid(1'b0),
        .c0_ddr4_s_axi_ctrl_wdata(32'd0), .c0_ddr4_s_axi_ctrl_bready(1'b1), .c0_ddr4_s_axi_ctrl_arvalid(1'b0),
        .c0_ddr4_s_axi_ctrl_araddr(32'd0), .c0_ddr4_s_axi_ctrl_rready(1'b1),
        .c0_ddr4_s_axi_awid(1'b0), .c0_ddr4_s_axi_awaddr(d_awaddr[33:0]), .c0_ddr4_s_axi_awlen(d_awlen),
        .c0_ddr4_s_axi_awsize(d_awsize), .c0_ddr4_s_axi_awburst(d_awburst), .c0_ddr4_s_axi_awlock(d_awlock),
        .c0_ddr4_s_axi_awcache(d_awcache), .c0_ddr4_s_axi_awprot(d_awprot), .c0_ddr4_s_axi_awqos(d_awqos),
        .c0_ddr4_s_axi_awvalid(d_awvalid), .c0_ddr4_s_axi_awready(d_awready),
        .c0_ddr4_s_axi_wdata(d_wdata), .c0_ddr4_s_axi_wstrb(d_wstrb), .c0_ddr4_s_axi_wlast(d_wlast),
        .c0_ddr4_s_axi_wvalid(d_wvalid), .c0_ddr4_s_axi_wready(d_wready),
        .c0_ddr4_s_axi_bid(), .c0_ddr4_s_axi_bresp(d_bresp), .c0_ddr4_s_axi_bvalid(d_bvalid),
        .c0_ddr4_s_axi_bready(d_bready),
        .c0_ddr4_s_axi_arid(1'b0), .c0_ddr4_s_axi_araddr(d_araddr[33:0]), .c0_ddr4_s_axi_arlen(d_arlen),
        .c0_ddr4_s_axi_arsize(d_arsize), .c0_ddr4_s_axi_arburst(d_arburst), .c0_ddr4_s_axi_arlock(d_arlock),
        .c0_ddr4_s_axi_arcache(d_arcache), .c0_ddr4_s_axi_arprot(d_arprot), .c0_ddr4_s_axi_arqos(d_arqos),
        .c0_ddr4_s_axi_arvalid(d_arvalid), .c0_ddr4_s_axi_arready(d_arready),
        .c0_ddr4_s_axi_rid(), .c0_ddr4_s_axi_rdata(d_rdata), .c0_ddr4_s_axi_rresp(d_rresp),
        .c0_ddr4_s_axi_rlast(d_rlast), .c0_ddr4_s_axi_rvalid(d_rvalid), .c0_ddr4_s_axi_rready(d_rready)
    );
endmodule
